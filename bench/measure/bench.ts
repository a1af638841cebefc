import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DeviceChoice, openGpu } from "../../src/gpu/index.js";
import { keptScene, keyOf } from "../scene/keep.js";
import { runCTools } from "./c_tools.js";
import { runDrizzle, runRomancalDrizzle } from "./drizzle.js";
import { measureKernels } from "./kernels.js";
import { findRomancal, runOurs, runRomancal, type RunRequest } from "./programs.js";
import { deviceRates, hostRates } from "./rates.js";
import { emptyResults, kernelKey, now, put, type Results, resultsName, runKey } from "./results.js";
import { lineOf, warningOf } from "./lines.js";
import { type Measurement, type Suite, measurements, quickMeasurements } from "./suites.js";

export interface BenchOptions {
  readonly quick: boolean;
  readonly devices: readonly string[];
  readonly suites: readonly Suite[];
  readonly kernels: boolean;
  readonly repeats: number;
  /** Whether whole runs are done once more with a profile, for the table of stages. */
  readonly stages: boolean;
  /** Python that has romancal; undefined: looked for; "none": not run. */
  readonly romancal?: string;
  /** Where scenes and products go; undefined: a folder that is removed in the end. */
  readonly scratch?: string;
  /** Results file; undefined: that of this machine and day in bench/results. */
  readonly out?: string;
  readonly words: readonly string[];
  readonly print: (line: string) => void;
}

const FULL_SIDE = 5000;
const QUICK_SIDE = 600;
const KERNEL_REPEATS = 7;

/** Measures, and writes the results after each run, so that what was measured survives; figures of the same kind are replaced. */
export async function bench(root: URL, options: BenchOptions): Promise<{ results: Results; path: string }> {
  const fresh = emptyResults(root);
  const path = fileURLToPath(new URL(options.out ?? `bench/results/${resultsName(fresh)}`, root));
  const results = existsSync(path) && !options.quick ? await readResults(path) : fresh;
  const scratch = options.scratch ?? join(tmpdir(), `romancal-webgpu-bench-${process.pid}`);
  const save = async (): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(results, undefined, 1)}\n`);
  };
  put(results.commands, options.words.join(" "), (words) => words);
  try {
    if (options.kernels) {
      results.host = { ...(await hostRates(join(scratch, "rates"))), ...now(root) };
      for (const device of options.devices) {
        await measureDevice(root, device as DeviceChoice, options, results);
        await save();
      }
    }
    const wanted = options.quick ? quickMeasurements() : measurements(options.suites);
    const python = await pythonFor(wanted, options);
    for (const one of wanted) {
      for await (const line of measured(root, one, wanted, { ...options, scratch }, python, results)) {
        options.print(line);
        await save();
      }
    }
  } finally {
    if (options.scratch === undefined) await rm(scratch, { recursive: true, force: true });
  }
  return { results, path };
}

async function pythonFor(
  wanted: readonly Measurement[],
  { romancal, print }: BenchOptions,
): Promise<string | undefined> {
  if (romancal === "none" || !wanted.some(({ others }) => others)) return undefined;
  const python = await findRomancal(romancal);
  if (!python) print("romancal: not found; name a Python that has it with --romancal PYTHON");
  return python;
}

async function measureDevice(
  root: URL,
  device: DeviceChoice,
  { quick, print }: BenchOptions,
  results: Results,
): Promise<void> {
  const gpu = await openGpu({ device, preciseTimes: true });
  try {
    const rates = await deviceRates(gpu, quick ? 1 << 22 : 1 << 26);
    put(results.rates, { ...rates, ...now(root) }, (item) => item.device);
    const giga = (value: number): string => (value / 1e9).toFixed(1);
    print(
      `${rates.kind}: copy ${giga(rates.copy)} GB/s, multiply-adds ${giga(rates.operations)} Gop/s, ` +
        `up ${giga(rates.upload)} GB/s, back ${giga(rates.readBack)} GB/s`,
    );
    const [side, repeats] = quick ? [QUICK_SIDE, 3] : [FULL_SIDE, KERNEL_REPEATS];
    for (const found of await measureKernels(gpu, side, repeats)) {
      const { kernel, on, pixels, bytes, seconds, share } = found;
      put(results.kernels, { ...found, ...now(root) }, kernelKey);
      print(
        `${kernel.padEnd(36)} ${on.padEnd(16)} ${(pixels / seconds / 1e6).toFixed(0).padStart(8)} Mpix/s ` +
          `${giga(bytes / seconds).padStart(7)} GB/s ${(100 * share).toFixed(0).padStart(4)} % of a copy`,
      );
    }
  } finally {
    gpu.close();
  }
}

/** Does one measurement and puts its figures into the results; a line for each. */
async function* measured(
  root: URL,
  { suite, scene, deed, others }: Measurement,
  all: readonly Measurement[],
  options: BenchOptions & { readonly scratch: string },
  python: string | undefined,
  results: Results,
): AsyncGenerator<string> {
  const { scratch, devices, repeats, stages } = options;
  const same = all.filter((other) => keyOf(other.scene) === keyOf(scene));
  const most = Math.max(...same.map((other) => other.scene.exposures));
  const files = await keptScene(root, scratch, scene, most, Math.min(8, availableParallelism()));
  const request: RunRequest = { suite, scene, files, out: join(scratch, `out-${process.pid}`) };
  const add = <T extends Results["runs"][number] | Results["drizzle"][number]>(
    list: T[],
    item: T,
  ): string => {
    put(list, item, runKey);
    return [lineOf(item), warningOf(item)].filter(Boolean).join("\n");
  };
  try {
    for (const kind of devices) {
      if (deed === "drizzle")
        yield add(results.drizzle, await runDrizzle(root, request, kind, Math.max(1, repeats)));
      else if (deed === "run")
        yield add(results.runs, await runOurs(root, request, kind, { repeats, stages }));
      else for await (const run of compileRuns(root, request, kind, scratch)) yield add(results.runs, run);
    }
    if (!others) return;
    if (deed === "drizzle") {
      if (python) yield add(results.drizzle, await runRomancalDrizzle(root, request, python));
      return;
    }
    if (python) yield add(results.runs, await runRomancal(root, request, python));
    for (const run of await runCTools(root, request)) yield add(results.runs, run);
  } finally {
    await rm(request.out, { recursive: true, force: true });
  }
}

/** The same small run with the drivers' caches of compiled kernels empty, then with what that run left in them. */
async function* compileRuns(
  root: URL,
  request: RunRequest,
  kind: string,
  scratch: string,
): AsyncGenerator<Results["runs"][number]> {
  const cache = join(scratch, `kernels-${process.pid}`);
  const env = {
    MESA_SHADER_CACHE_DIR: cache,
    MESA_SHADER_CACHE_DISABLE: "false",
    __GL_SHADER_DISK_CACHE: "1",
    __GL_SHADER_DISK_CACHE_PATH: cache,
  };
  try {
    await mkdir(cache, { recursive: true });
    for (const suite of ["compile, cold cache", "compile, warm cache"])
      yield await runOurs(root, { ...request, suite }, kind, { repeats: 1, stages: false, env });
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

export async function readResults(path: string): Promise<Results> {
  return JSON.parse(await readFile(path, "utf8")) as Results;
}
