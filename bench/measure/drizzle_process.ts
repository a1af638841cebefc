import { tmpdir } from "node:os";
import { measureDrizzle } from "./drizzle.js";

const [root, kind, repeats, mosaic, ...paths] = process.argv.slice(2);
const figures = await measureDrizzle(new URL(root), kind, Number(repeats), Number(mosaic), paths, tmpdir());
process.stdout.write(`${JSON.stringify(figures)}\n`);
