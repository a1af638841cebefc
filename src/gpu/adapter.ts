import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { bundledSwiftShader } from "./swiftshader.js";

export const DEVICE_CHOICES = ["auto", "hardware", "lavapipe", "swiftshader"] as const;
export type DeviceChoice = (typeof DEVICE_CHOICES)[number];
export type DeviceKind = Exclude<DeviceChoice, "auto">;

export interface FoundAdapter {
  readonly kind: DeviceKind;
  readonly adapter: GPUAdapter;
  /** Held while a device lives: collected earlier, it would abort the process. */
  readonly gpu: GPU;
}

/** No adapter of the wanted kind; the message says what was looked for and what to do. */
export class NoDeviceError extends Error {
  override readonly name = "NoDeviceError";
}

const ICD_FOLDERS = [
  "/etc/vulkan/icd.d",
  "/usr/share/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/usr/local/nvidia/share/vulkan/icd.d",
];
const LOADERS = [
  "/usr/lib/x86_64-linux-gnu/libvulkan.so.1",
  "/usr/lib/aarch64-linux-gnu/libvulkan.so.1",
  "/usr/lib64/libvulkan.so.1",
  "/usr/lib/libvulkan.so.1",
  "/usr/local/lib/libvulkan.so.1",
];
const RTLD_NOW_NODELETE = 0x1002;

const userDrivers = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;

/** Manifests of the Vulkan drivers that are installed: the caller's VK_DRIVER_FILES, else those in the usual folders. */
function installedDrivers(): string[] {
  if (userDrivers) return userDrivers.split(delimiter).filter(Boolean);
  return ICD_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name)),
  );
}

const isLavapipe = (file: string): boolean => /lvp_icd/.test(file);
const isSwiftShader = (file: string): boolean => /swiftshader/.test(file);

/** Tell the Vulkan loader which drivers to read at the next instance. */
function setDrivers(files: readonly string[]): void {
  process.env.VK_DRIVER_FILES = process.env.VK_ICD_FILENAMES = files.join(delimiter);
  if (!process.env.XDG_RUNTIME_DIR) {
    process.env.XDG_RUNTIME_DIR = join(tmpdir(), `romancal-webgpu-${process.getuid?.() ?? 0}`);
    mkdirSync(process.env.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 });
  }
}

/** Buffers are not cleared when they are first used: what the allocator hands out has undefined contents anyway. */
const DISABLED = ["lazy_clear_resource_on_first_use"];
const PRECISE_TIMES = "timestamp_quantization";
/** SwiftShader has every invocation clear all of a workgroup's arrays, in code as long as they are; Dawn's own loop shares that out. */
const SWIFTSHADER_DISABLED = ["use_vulkan_zero_initialize_workgroup_memory_extension"];
let disabled: readonly string[] = DISABLED;
let loaderReady = false;
/** Where the system has no Vulkan loader, load the bundled one into the process. */
async function ensureLoader(): Promise<void> {
  if (loaderReady || process.platform !== "linux") return;
  loaderReady = true;
  if (LOADERS.some((file) => existsSync(file))) return;
  const bundled = await bundledSwiftShader();
  if (!bundled) return;
  try {
    process.dlopen({ exports: {} }, bundled.loader, RTLD_NOW_NODELETE);
  } catch {
    // not a Node addon, so Node throws; the library is loaded all the same
  }
}

async function request(
  drivers: readonly string[] | undefined,
): Promise<{ gpu: GPU; adapter: GPUAdapter } | undefined> {
  if (drivers?.length === 0) return undefined;
  if (drivers) {
    setDrivers(drivers);
    await ensureLoader();
  }
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const features = [...disabled, ...(drivers?.every(isSwiftShader) ? SWIFTSHADER_DISABLED : [])];
  const gpu = create([...(drivers ? ["backend=vulkan"] : []), `disable-dawn-features=${features.join(",")}`]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  return adapter ? { gpu, adapter } : undefined;
}

type Found = { gpu: GPU; adapter: GPUAdapter };

/** The best adapter of the installed drivers: a GPU where there is one, else lavapipe. One request, as each reads all drivers. */
function bestInstalled(): Promise<Found | undefined> {
  if (process.platform !== "linux") return request(undefined);
  return request(installedDrivers().filter((file) => !isSwiftShader(file)));
}

const finders: Record<DeviceKind, () => Promise<Found | undefined>> = {
  async hardware() {
    const found = await bestInstalled();
    return found && !isFallback(found.adapter) ? found : undefined;
  },
  async lavapipe() {
    return request(installedDrivers().filter(isLavapipe));
  },
  async swiftshader() {
    const installed = installedDrivers().filter(isSwiftShader);
    if (installed.length) return request(installed);
    const bundled = await bundledSwiftShader();
    return bundled && request([bundled.icd]);
  },
};

/** A GPU, else lavapipe, else SwiftShader. */
async function findBest(): Promise<FoundAdapter | undefined> {
  const found = await bestInstalled();
  if (found) return { kind: isFallback(found.adapter) ? "lavapipe" : "hardware", ...found };
  const bundled = await finders.swiftshader();
  return bundled && { kind: "swiftshader", ...bundled };
}

function isFallback(adapter: GPUAdapter): boolean {
  return (
    adapter.info.isFallbackAdapter ||
    /llvmpipe|swiftshader/i.test(`${adapter.info.device} ${adapter.info.description}`)
  );
}

const ORDER: readonly DeviceKind[] = ["hardware", "lavapipe", "swiftshader"];

/** Each kind of device and the adapter found for it, in the order they are preferred. */
export async function listAdapters(): Promise<{ kind: DeviceKind; found?: FoundAdapter }[]> {
  const list = [];
  for (const kind of ORDER) {
    const found = await finders[kind]();
    list.push({ kind, found: found && { kind, ...found } });
  }
  return list;
}

/**
 * The adapter to run on: a GPU first, then a lavapipe that Dawn accepts, then the bundled SwiftShader.
 * Throws NoDeviceError where there is none, RangeError for an unknown choice.
 */
export async function findAdapter(choice: DeviceChoice, preciseTimes = false): Promise<FoundAdapter> {
  disabled = preciseTimes ? [...DISABLED, PRECISE_TIMES] : DISABLED;
  if (!DEVICE_CHOICES.includes(choice))
    throw new RangeError(`--device ${String(choice)}: expected one of ${DEVICE_CHOICES.join(", ")}`);
  if (choice === "auto") {
    const best = await findBest();
    if (best) return best;
  } else {
    const found = await finders[choice]();
    if (found) return { kind: choice, ...found };
  }
  throw new NoDeviceError(ADVICE[choice]);
}

const ADVICE: Record<DeviceChoice, string> = {
  auto: `no Vulkan device: install a GPU driver, Mesa's mesa-vulkan-drivers 24 or newer, or the npm package ${"@sparticuz/chromium"} (it brings SwiftShader)`,
  hardware:
    "no GPU with a Vulkan driver was found: check that vulkaninfo lists it, or name its ICD json in VK_DRIVER_FILES",
  lavapipe: "no lavapipe that Dawn accepts was found: install Mesa's mesa-vulkan-drivers 24 or newer",
  swiftshader: "SwiftShader was not found: install the npm package @sparticuz/chromium (x86-64 Linux)",
};
