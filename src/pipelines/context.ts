import type { Gpu } from "../gpu/index.js";

export interface Logger {
  info(message: string): void;
  warn(message: string): void;
}

/** Seconds spent in a named stage of a step. */
export interface Stage {
  readonly step: string;
  readonly stage: string;
  seconds: number;
}

/** What every step of one run shares: the device, the log, the clock. */
export interface RunContext {
  readonly gpu: Gpu;
  readonly log: Logger;
  readonly timer: Timer;
  /** Told how far a step is, 0 to 1. */
  readonly progress: (step: string, fraction: number) => void;
  /** The skymap reference file (`skycells`), where one was named. */
  readonly skymap?: string;
  /** Maps of E(B-V): a folder, or "NORTH.fits,SOUTH.fits", where they were named. */
  readonly dustMaps?: string;
  /** Bytes of exposures that may stay on the device between the steps; beyond it they are loaded again. */
  readonly exposureBudget: number;
}

/** Adds up wall-clock seconds per step and stage, in order of first use. */
export class Timer {
  readonly stages: Stage[] = [];
  private step = "";

  /** @param told of each span as it ends: a step (stage "total") or a stage of it; milliseconds of `performance.now()` */
  constructor(private readonly told?: (step: string, stage: string, start: number, end: number) => void) {}

  /** Run a step; stages timed meanwhile are booked on it. */
  async inStep<T>(step: string, work: () => Promise<T>): Promise<T> {
    const outer = this.step;
    this.step = step;
    try {
      return await this.time("total", work);
    } finally {
      this.step = outer;
    }
  }

  async time<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const step = this.step;
    const start = performance.now();
    try {
      return await work();
    } finally {
      const end = performance.now();
      this.add(step, stage, (end - start) / 1000);
      this.told?.(step, stage, start, end);
    }
  }

  /** Seconds of each step, in the order they ran. */
  steps(): Map<string, number> {
    return new Map(
      this.stages.filter(({ stage }) => stage === "total").map(({ step, seconds }) => [step, seconds]),
    );
  }

  private add(step: string, stage: string, seconds: number): void {
    const found = this.stages.find((entry) => entry.step === step && entry.stage === stage);
    if (found) found.seconds += seconds;
    else this.stages.push({ step, stage, seconds });
  }
}

const SOFTWARE_EXPOSURE_BYTES = 1.5 * 2 ** 30;
const HARDWARE_EXPOSURE_SHARE = 0.6;

/** A context with a silent log unless given; `exposureBudget` follows the kind of device. */
export function makeContext(gpu: Gpu, options: Partial<Omit<RunContext, "gpu">> = {}): RunContext {
  const software = gpu.info.kind !== "hardware";
  return {
    gpu,
    log: { info: () => undefined, warn: () => undefined },
    timer: new Timer(),
    progress: () => undefined,
    exposureBudget: software ? SOFTWARE_EXPOSURE_BYTES : gpu.memory.budget * HARDWARE_EXPOSURE_SHARE,
    ...options,
  };
}

/** A half-open range of full-width rows of the mosaic: y0 <= y < y0 + ny. */
export interface Band {
  readonly y0: number;
  readonly ny: number;
}

/** Rows of which only the columns x0 <= x < x0 + nx are held: x0 a multiple of 4. */
export interface Window extends Band {
  readonly x0: number;
  readonly nx: number;
}

/** Pixels of a band of what does not fit as a whole, at most: planes of so many take no more memory than a mosaic of 5000 x 5000. */
const MOST_PIXELS = 25e6;

/** Whether planes of so many pixels are whole on any device. */
export function isOrdinary([ny, nx]: readonly [number, number]): boolean {
  return ny * nx <= MOST_PIXELS;
}

/** Rows of a band: `ny` where `most` rows are all there is, else no more than take the memory of a common mosaic. */
export function bandRows([ny, nx]: readonly [number, number], most: number): number {
  return most >= ny ? ny : Math.max(1, Math.min(most, Math.floor(MOST_PIXELS / nx)));
}

/** Rows 0 to `ny` in bands of at most `rows`. */
export function bandsOf(ny: number, rows: number): Band[] {
  const height = Math.max(1, Math.min(ny, Math.floor(rows)));
  return Array.from({ length: Math.ceil(ny / height) }, (_, i) => ({
    y0: i * height,
    ny: Math.min(height, ny - i * height),
  }));
}
