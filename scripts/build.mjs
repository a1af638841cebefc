import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program in the repository; ends the process where it fails. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit", ...options });
  if (error) console.error(`${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** npm, by the one that runs us where there is one. */
function npm(args) {
  const script = process.env.npm_execpath;
  if (script?.endsWith(".js")) run(process.execPath, [script, ...args]);
  else run("npm", args);
}

function lockOf(path) {
  const file = join(root, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}

/** Whether node_modules lacks a package that package-lock.json asks for, or holds another version. */
function isStale() {
  const wanted = lockOf("package-lock.json");
  const present = lockOf("node_modules/.package-lock.json");
  if (!present) return true;
  return Object.entries(wanted).some(
    ([name, { version, optional }]) => name && !optional && present[name]?.version !== version,
  );
}

/** Installs what package-lock.json asks for, where it is missing. */
export function install() {
  if (isStale()) npm(["ci", "--no-audit", "--no-fund"]);
}

function files(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Whether dist is older than any source. */
function isOutdated() {
  const mark = join(root, "dist/cli.js");
  if (!existsSync(mark)) return true;
  const built = statSync(mark).mtimeMs;
  const sources = [...files(join(root, "src")), join(root, "tsconfig.json"), join(root, "package.json")];
  return sources.some((path) => statSync(path).mtimeMs > built);
}

/** Compiles src into dist and copies shaders and worker scripts beside the modules that use them; dist is replaced when all of it is there. */
export function build({ force = false } = {}) {
  if (!force && !isOutdated()) return;
  const fresh = join(root, `.cache/dist-${process.pid}`);
  const old = join(root, `.cache/old-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  run(process.execPath, [tsc, "-p", "tsconfig.json", "--outDir", fresh]);
  cpSync(join(root, "src"), fresh, {
    recursive: true,
    filter: (path) => statSync(path).isDirectory() || /\.(wgsl|mjs)$/.test(path),
  });
  const dist = join(root, "dist");
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  install();
  build({ force: true });
}
