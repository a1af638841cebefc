import { join } from "node:path";
import { build, install, root, run } from "./build.mjs";

// `npm test`: everything but the benches, which `npm run test:full` adds. Further words go to vitest.
const words = process.argv.slice(2);
const full = words.includes("--full");
install();
build(); // the end-to-end tests run the command line as it is published
run(
  process.execPath,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", ...words.filter((word) => word !== "--full")],
  { env: { ...process.env, ...(full && { ROMANCAL_WEBGPU_FULL_TESTS: "1" }) } },
);
