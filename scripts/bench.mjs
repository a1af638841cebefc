import { cpSync, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, install, root, run } from "./build.mjs";

// `npm run bench`: compiles the benches beside the engine and runs them. A machine that has no compiler runs what was built before.
const built = join(root, ".cache/bench");

/** Of sources: results do not ask for a build. */
function newest(folder) {
  const times = readdirSync(folder, { recursive: true })
    .filter((name) => /\.(ts|wgsl|mjs)$/.test(name))
    .map((name) => statSync(join(folder, name)).mtimeMs);
  return Math.max(0, ...times);
}

/** The folder is replaced when all of it is there: a build that failed is not run. */
function buildBench() {
  const mark = join(built, "bench/main.js");
  const changed = Math.max(newest(join(root, "src")), newest(join(root, "bench")));
  if (existsSync(mark) && statSync(mark).mtimeMs > changed) return;
  const fresh = join(root, `.cache/bench-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  run(process.execPath, [
    ...[join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "bench/tsconfig.json")],
    ...["--noEmitOnError", "--outDir", fresh],
  ]);
  cpSync(join(root, "package.json"), join(fresh, "package.json"));
  const asIs = (path) => statSync(path).isDirectory() || /\.(wgsl|mjs)$/.test(path);
  for (const folder of ["src", "bench"])
    cpSync(join(root, folder), join(fresh, folder), { recursive: true, filter: asIs });
  rmSync(built, { recursive: true, force: true });
  renameSync(fresh, built);
}

if (!existsSync(join(root, ".gpu/enter.sh")) || existsSync(join(root, "node_modules/typescript"))) {
  install();
  build();
  buildBench();
}
const { main } = await import(pathToFileURL(join(built, "bench/main.js")).href);
await main(pathToFileURL(root), process.argv.slice(2));
