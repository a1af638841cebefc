import { writeFile } from "node:fs/promises";
import { UserError } from "../host/errors.js";
import { type DeviceChoice, type Gpu, type Variant, openGpu } from "../gpu/index.js";
import {
  type Dataset,
  type OpenedDataset,
  type WfiImage,
  type WrittenFile,
  filterWarning,
  openDataset,
  setNode,
} from "../host/models/index.js";
import { type Logger, type RunContext, Timer, makeContext } from "./context.js";
import { ModelLibrary } from "./library.js";
import { Trace } from "./trace.js";
import { kernelsAhead } from "./kernels_ahead.js";
import type { StepName, StepOptions } from "./options.js";
import { RunLog } from "./run_log.js";

/** What every pipeline and step can be told beside romancal's options. */
export interface EngineOptions {
  /** Where to compute: "auto" (the fastest there is), "hardware", "lavapipe" or "swiftshader". */
  readonly device?: DeviceChoice;
  /** A device that is open already; it stays open. */
  readonly gpu?: Gpu;
  /** Skymap reference file; default: the environment's SKYMAP_PATH. */
  readonly skymap?: string;
  /** Maps of E(B-V): a folder with the two FITS files, or "NORTH.fits,SOUTH.fits"; without them dust_ebv is NaN. */
  readonly dust_maps?: string;
  readonly log?: Logger;
  /** File to write a Chrome trace of the run to: steps, stages, files, transfers, and passes where the device times them. */
  readonly profile?: string;
  /** Told how far a step is, 0 to 1. */
  readonly progress?: (step: string, fraction: number) => void;
}

/** What a run tells of itself. */
export interface RunReport {
  /** e.g. "lavapipe: llvmpipe: Mesa 25.0.7 (LLVM 15.0.6)" */
  readonly device: string;
  /** Seconds a step, in the order they ran. */
  readonly seconds: ReadonlyMap<string, number>;
  /** Seconds a stage of each step. */
  readonly stages: Timer["stages"];
  readonly totalSeconds: number;
  /** Most bytes held on the device. */
  readonly deviceBytes: number;
  /** Most bytes of memory that the process held so far, drivers included. */
  readonly residentBytes: number;
  readonly warnings: readonly string[];
  readonly files: readonly WrittenFile[];
}

/** A run under way: context, exposures and log. */
export interface Run {
  readonly ctx: RunContext;
  readonly log: RunLog;
  readonly files: WrittenFile[];
  /** Has the kernels made that these steps will use, in the background, for so many groups of exposures. */
  foresee(steps: { readonly [S in StepName]?: StepOptions[S] }, groups: number): void;
  /** Run a step under its name in the timer and the progress, when its kernels are made. */
  step<T>(name: StepName, work: () => Promise<T>): Promise<T>;
}

/** Opens the device, does the work, tells how it went, lets go of the device. */
export async function withRun<T>(
  options: EngineOptions,
  work: (run: Run) => Promise<T>,
): Promise<T & { readonly report: RunReport }> {
  const start = performance.now();
  const trace = options.profile === undefined ? undefined : new Trace();
  const timer = new Timer(trace?.step);
  const { device = "auto" } = options;
  const gpu =
    options.gpu ??
    (await timer.time("open device", () => openGpu({ device, preciseTimes: trace !== undefined })));
  try {
    trace?.open();
    if (trace) await gpu.startProfile(trace.device);
    const log = new RunLog(options.log);
    const progress = options.progress ?? (() => undefined);
    const skymap = options.skymap ?? (process.env.SKYMAP_PATH || undefined);
    const ctx = makeContext(gpu, { log, timer, progress, skymap, dustMaps: options.dust_maps });
    let ahead = new Map<StepName, readonly Variant[]>();
    const run: Run = {
      ctx,
      log,
      files: [],
      foresee(steps, groups) {
        ahead = kernelsAhead(steps, groups, gpu.info.kind);
        void gpu.prepare([...ahead.values()].flat());
      },
      async step(name, task) {
        log.info(`Step ${name} running`);
        progress(name, 0);
        const result = await timer.inStep(name, async () => {
          await gpu.prepare(ahead.get(name) ?? []);
          return task();
        });
        progress(name, 1);
        return result;
      },
    };
    const result = await work(run);
    const report = reportOf(gpu, run, timer, start);
    if (trace) await saveTrace(trace, gpu, options.profile as string, report);
    return { ...result, report };
  } finally {
    trace?.close();
    if (!options.gpu) gpu.close();
  }
}

function reportOf(gpu: Gpu, { log, files }: Run, timer: Timer, start: number): RunReport {
  return {
    device: deviceName(gpu),
    seconds: timer.steps(),
    stages: timer.stages,
    totalSeconds: (performance.now() - start) / 1000,
    deviceBytes: gpu.memory.peak,
    residentBytes: process.resourceUsage().maxRSS * 1024,
    warnings: log.warnings,
    files,
  };
}

async function saveTrace(trace: Trace, gpu: Gpu, path: string, report: RunReport): Promise<void> {
  await gpu.endProfile();
  const about = { ...report, seconds: Object.fromEntries(report.seconds) };
  await writeFile(path, trace.toJson(about)).catch((error: Error) => {
    throw new UserError(`--profile=${path}: cannot be written (${error.message})`);
  });
}

/** A GPU by its name, a software driver by the driver's. */
function deviceName({ info: { kind, name, driver } }: Gpu): string {
  return `${kind}: ${kind === "hardware" ? name || driver : driver || name}`;
}

/** Opens a dataset for as long as `work` runs; models that the caller opened stay open. */
export async function withDataset<T>(
  dataset: Dataset,
  work: (opened: OpenedDataset) => Promise<T>,
): Promise<T> {
  const opened = await openDataset(dataset);
  const callers = new Set<unknown>(Array.isArray(dataset) ? dataset : [dataset]);
  try {
    return await work(opened);
  } finally {
    await Promise.all(opened.models.filter((model) => !callers.has(model)).map((model) => model.close()));
  }
}

/**
 * The exposures of a dataset as the steps take them; warns where their filters differ. `onDisk`: none stays on the device or is read
 * ahead while another is worked on.
 */
export function libraryOf(run: Run, { association, models }: OpenedDataset, onDisk = false): ModelLibrary {
  const warning = filterWarning(models);
  if (warning) run.log.warn(warning);
  const ctx = onDisk ? { ...run.ctx, exposureBudget: 0 } : run.ctx;
  return new ModelLibrary(ctx, association, models);
}

/** Notes that a step was skipped, as stpipe does. */
export function noteSkipped(models: readonly Pick<WfiImage, "meta">[], step: StepName): void {
  for (const model of models) setNode(model.meta, `cal_step.${step}`, "SKIPPED");
}
