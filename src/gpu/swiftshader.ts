import { createRequire } from "node:module";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { brotliDecompressSync } from "node:zlib";

const PACKAGE = "@sparticuz/chromium";
const NEEDED = new Set(["libvk_swiftshader.so", "libvulkan.so.1", "vk_swiftshader_icd.json"]);

export interface BundledDriver {
  /** Vulkan's driver manifest (ICD json). */
  readonly icd: string;
  /** The Vulkan loader shipped beside it. */
  readonly loader: string;
}

/** The folder of an installed npm package, or undefined. */
function packageFolder(name: string): string | undefined {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return paths.map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, "package.json")));
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "romancal-webgpu");
}

/**
 * SwiftShader from the optional npm package, unpacked into the user's cache on first use (15 MB).
 * Returns undefined where the package is not installed or the platform is not x86-64 Linux.
 */
export async function bundledSwiftShader(): Promise<BundledDriver | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const folder = packageFolder(PACKAGE);
  if (!folder) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  const target = join(cacheFolder(), `swiftshader-${version}`);
  const driver = { icd: join(target, "vk_swiftshader_icd.json"), loader: join(target, "libvulkan.so.1") };
  if (existsSync(driver.icd)) return driver;
  const archive = join(folder, "bin", "swiftshader.tar.br");
  if (!existsSync(archive)) return undefined;
  await unpack(archive, target);
  return driver;
}

/** Unpack beside the target, then rename, so that two processes may do it at once. */
async function unpack(archive: string, target: string): Promise<void> {
  const { extract } = await import("tar-fs"); // once a machine
  mkdirSync(dirname(target), { recursive: true });
  const beside = mkdtempSync(`${target}-`);
  const tar = brotliDecompressSync(readFileSync(archive));
  await pipeline(
    Readable.from([tar]),
    extract(beside, { ignore: (name) => name !== beside && !NEEDED.has(basename(name)) }),
  );
  try {
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}
