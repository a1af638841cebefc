import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DeviceChoice, openGpu } from "../../src/gpu/index.js";
import { writeScene } from "../scene/scene.js";
import { runCTools } from "./c_tools.js";
import { measureKernels } from "./kernels.js";
import { findRomancal, runOurs, runRomancal } from "./programs.js";
import { type Results, type RunResult, emptyResults, median } from "./results.js";
import { type Suite, type SuiteScene, fullScenes, quickScenes, subset } from "./suites.js";

export interface BenchOptions {
  readonly quick: boolean;
  readonly devices: readonly string[];
  readonly suites: readonly Suite[];
  readonly kernels: boolean;
  readonly repeats: number;
  /** Python that has romancal; undefined: looked for; "none": not run. */
  readonly romancal?: string;
  readonly scratch: string;
  readonly out: string;
  readonly words: readonly string[];
  readonly print: (line: string) => void;
}

const FULL_SIDE = 5000;
const QUICK_SIDE = 600;
const KERNEL_REPEATS = 15;
/** Seconds below which a step did nothing yet: flux is applied as exposures come to the device. */
const NOTHING_DONE = 0.005;

export const SCRATCH = join(tmpdir(), `romancal-webgpu-bench-${process.pid}`);

/** Measures, and writes the results after each run, so that what was measured survives. */
export async function bench(root: URL, options: BenchOptions): Promise<Results> {
  const results = emptyResults(root, options.words);
  const path = fileURLToPath(new URL(options.out, root));
  const save = async (): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(results, undefined, 1)}\n`);
  };
  if (options.kernels)
    for (const device of options.devices) {
      results.kernels.push(...(await kernelsOf(device as DeviceChoice, options)));
      await save();
    }
  const python = options.romancal === "none" ? undefined : await findRomancal(options.romancal);
  if (!python && options.romancal !== "none")
    options.print("romancal: not found; name a Python that has it with --romancal PYTHON");
  for (const suite of options.quick ? quickScenes() : fullScenes(options.suites)) {
    for await (const run of runsOf(root, suite, options, python)) {
      results.runs.push(run);
      options.print(lineOf(run));
      await save();
    }
  }
  return results;
}

async function kernelsOf(device: DeviceChoice, options: BenchOptions): Promise<Results["kernels"]> {
  const gpu = await openGpu({ device, preciseTimes: true });
  try {
    const [side, repeats] = options.quick ? [QUICK_SIDE, 5] : [FULL_SIDE, KERNEL_REPEATS];
    const found = await measureKernels(gpu, side, repeats);
    for (const { kernel, on, pixels, bytes, seconds, share } of found)
      options.print(
        `${kernel.padEnd(36)} ${on.padEnd(16)} ${(pixels / seconds / 1e6).toFixed(0).padStart(8)} Mpix/s ` +
          `${(bytes / seconds / 1e9).toFixed(1).padStart(7)} GB/s ${(100 * share).toFixed(0).padStart(4)} % of a copy`,
      );
    return found;
  } finally {
    gpu.close();
  }
}

async function* runsOf(
  root: URL,
  { scene, runs, romancal }: SuiteScene,
  options: BenchOptions,
  python: string | undefined,
): AsyncGenerator<RunResult> {
  const folder = join(options.scratch, "scene");
  const out = join(options.scratch, "out");
  try {
    options.print(
      `scene: ${scene.exposures} x ${scene.size}^2 (${scene.layout}) into ${scene.mosaic}^2, ${scene.sources} sources`,
    );
    const files = await writeScene(root, folder, scene, Math.min(8, availableParallelism()));
    for (const { suite, exposures } of runs) {
      const part = await subset(files, scene, exposures, folder);
      const request = { suite, scene: { ...scene, exposures }, files: part, out };
      for (const kind of options.devices) yield await runOurs(root, request, kind, options.repeats);
      if (!romancal || suite !== "case") continue;
      if (python) yield await runRomancal(root, request, python);
      yield* await runCTools(request);
    }
  } finally {
    await rm(options.scratch, { recursive: true, force: true });
  }
}

function lineOf({ suite, program, kind, scene, seconds, residentBytes, failed }: RunResult): string {
  const what = `${suite}: ${scene.exposures} x ${scene.size}^2 into ${scene.mosaic}^2, ${scene.sources} sources`;
  const who = kind ? `${program} on ${kind}` : program;
  if (failed !== undefined) return `${what}; ${who}: FAILED: ${failed}`;
  const memory = residentBytes === undefined ? "" : `, ${(residentBytes / 1e9).toFixed(2)} GB`;
  return `${what}; ${who}: ${median(seconds).toFixed(2)} s${memory}`;
}

/** romancal's figures over ours, for each scene that both were given. */
export function ratiosOf({ runs }: Results): string[] {
  const lines: string[] = [];
  for (const reference of runs.filter(({ program, failed }) => program === "romancal" && !failed))
    for (const run of runs) {
      if (run.program !== "romancal-webgpu" || run.failed !== undefined) continue;
      if (JSON.stringify(run.scene) !== JSON.stringify(reference.scene) || run.suite !== reference.suite)
        continue;
      const parts = [`whole run ${(median(reference.seconds) / median(run.seconds)).toFixed(1)}`];
      for (const [step, seconds] of Object.entries(reference.steps))
        if (run.steps[step] > NOTHING_DONE) parts.push(`${step} ${(seconds / run.steps[step]).toFixed(1)}`);
      if (reference.drizzleSeconds && run.drizzleSeconds)
        parts.push(
          `drizzle over its C function ${(reference.drizzleSeconds / run.drizzleSeconds).toFixed(1)}`,
        );
      if (reference.residentBytes && run.residentBytes)
        parts.push(`memory ${(reference.residentBytes / run.residentBytes).toFixed(1)}`);
      lines.push(`romancal / ours on ${run.kind}: ${parts.join(", ")}`);
    }
  return lines;
}

export async function readResults(path: string): Promise<Results> {
  return JSON.parse(await readFile(path, "utf8")) as Results;
}
