import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import type { Moments, StatAnswer, StatRequest, StatRun } from "../host/numerics/imagestats.js";
import type { Spans } from "../host/numerics/polygon_fill.js";
import {
  firstPixel,
  maskPixels,
  PARTIAL_WORDS,
  setHistogram,
  setMoments,
  TASK_WORDS,
} from "../shaders/skymatch/kernels.js";
import { strides } from "./flux.js";

/** Row blocks at most, and pixels in one at least: a software driver pays more for a workgroup than for its pixels. */
const MOST_BLOCKS = 1024;
const BLOCK_PIXELS = 8192;
const DIGITS = 256;

const EVERYTHING = { kind: "moments", lo: 0, hi: 0, pivot: 0 } as const;

interface Query {
  readonly set: number;
  readonly request: StatRequest;
}

/**
 * Sets of pixels of one image on the device, and what the statistics ask of them. Each round of questions, from all sets
 * together, is one submit and one read-back of partial sums and histograms.
 */
export class SkySets {
  private readonly buffers: DeviceBuffer[] = [];
  private readonly values: DeviceBuffer;
  private readonly rows: DeviceBuffer;
  private readonly runs: DeviceBuffer;
  private readonly height: number;
  private readonly sets: number;
  private first: Promise<Float32Array> | undefined;

  /**
   * @param data f32 image of nx x ny, row-major
   * @param dq u32 flags of the same shape; pixels with any of `bad` are in no set, nor are those that are not finite
   */
  constructor(
    private readonly gpu: Gpu,
    private readonly nx: number,
    private readonly ny: number,
    data: DeviceBuffer,
    dq: DeviceBuffer,
    bad: number,
    sets: readonly Spans[],
  ) {
    this.sets = sets.length;
    this.height = Math.min(ny, Math.max(Math.ceil(ny / MOST_BLOCKS), Math.ceil(BLOCK_PIXELS / nx)));
    this.values = this.keep(gpu.alloc("skymatch values", 4 * nx * ny));
    const table = layOut(sets, ny);
    this.rows = this.keep(gpu.upload("skymatch rows", table.rows));
    this.runs = this.keep(gpu.upload("skymatch runs", table.runs));
    const params = { count: nx * ny, bad };
    gpu
      .recorder("skymatch mask")
      .run(maskPixels, { params, data, dq, values: this.values }, [strides(nx * ny)])
      .submit();
  }

  /** Run one statistic for each set, all in step. */
  async measure<T>(runs: readonly StatRun<T>[]): Promise<T[]> {
    const states = runs.map((run) => run.next());
    for (;;) {
      const open = states.flatMap((state, set) => (state.done ? [] : [{ set, request: state.value }]));
      if (open.length === 0) return states.map((state) => state.value as T);
      const answers = await this.answer(open);
      open.forEach(({ set }, k) => (states[set] = runs[set].next(answers[k])));
    }
  }

  free(): void {
    for (const buffer of this.buffers.splice(0)) buffer.free();
  }

  private keep(buffer: DeviceBuffer): DeviceBuffer {
    this.buffers.push(buffer);
    return buffer;
  }

  private async answer(queries: readonly Query[]): Promise<StatAnswer[]> {
    const sums = queries.filter(({ request }) => request.kind === "moments");
    const counts = queries.filter(({ request }) => request.kind !== "moments");
    const [moments, histograms] = await Promise.all([this.moments(sums), this.histograms(counts)]);
    return queries.map((query) => moments[sums.indexOf(query)] ?? histograms[counts.indexOf(query)]);
  }

  private async moments(queries: readonly Query[]): Promise<Moments[]> {
    if (queries.length === 0) return [];
    const blocks = Math.ceil(this.ny / this.height);
    const partials = this.gpu.alloc("skymatch partials", 4 * PARTIAL_WORDS * blocks * queries.length);
    const tasks = this.gpu.upload("skymatch tasks", this.tasks(queries, []));
    try {
      this.gpu
        .recorder("skymatch moments")
        .run(setMoments, { ...this.bindings(tasks), partials }, [blocks, queries.length])
        .submit();
      const words = await this.gpu.read(partials, Uint32Array);
      const first = await this.firstValues();
      return queries.map(({ set }, k) => ({ ...momentsFrom(words, k * blocks, blocks), first: first[set] }));
    } finally {
      partials.free();
      tasks.free();
    }
  }

  private async histograms(queries: readonly Query[]): Promise<Uint32Array[]> {
    if (queries.length === 0) return [];
    // one bin more, for values that rounding puts beyond the last
    const sizes = queries.map(({ request }) => (request.kind === "histogram" ? request.bins + 1 : DIGITS));
    const offsets = sizes.map((_, k) => sizes.slice(0, k).reduce((sum, size) => sum + size, 0));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const counts = this.gpu.alloc("skymatch counts", 4 * total);
    const tasks = this.gpu.upload("skymatch tasks", this.tasks(queries, offsets));
    try {
      this.gpu
        .recorder("skymatch histograms")
        .clear(counts)
        .run(setHistogram, { ...this.bindings(tasks), counts }, [
          Math.ceil(this.ny / this.height),
          queries.length,
        ])
        .submit();
      const words = await this.gpu.read(counts, Uint32Array);
      return sizes.map((size, k) => words.subarray(offsets[k], offsets[k] + size));
    } finally {
      counts.free();
      tasks.free();
    }
  }

  /** Value of each set's first pixel, NaN for a set without any; looked for once. */
  private firstValues(): Promise<Float32Array> {
    this.first ??= this.findFirst();
    return this.first;
  }

  private async findFirst(): Promise<Float32Array> {
    const sets = Array.from({ length: this.sets }, (_, set) => ({ set, request: EVERYTHING }));
    const tasks = this.gpu.upload("skymatch tasks", this.tasks(sets, []));
    const found = this.gpu.alloc("skymatch first", 8 * this.sets);
    try {
      this.gpu
        .recorder("skymatch first")
        .run(firstPixel, { ...this.bindings(tasks), found }, [1, this.sets])
        .submit();
      const words = await this.gpu.read(found, Uint32Array);
      const values = new Float32Array(words.buffer);
      return Float32Array.from(sets, ({ set }) => (words[2 * set] ? values[2 * set + 1] : NaN));
    } finally {
      tasks.free();
      found.free();
    }
  }

  private bindings(tasks: DeviceBuffer) {
    const { nx, ny, height, values, rows, runs } = this;
    return { params: { nx, ny, height }, values, rows, runs, tasks };
  }

  private tasks(queries: readonly Query[], offsets: readonly number[]): Uint32Array {
    const words = new Uint32Array(TASK_WORDS * queries.length);
    const floats = new Float32Array(words.buffer);
    queries.forEach(({ set, request }, k) => {
      const at = TASK_WORDS * k;
      words[at] = set * (this.ny + 1);
      if (request.kind === "histogram") {
        floats.set([request.min, request.end, request.scale], at + 1);
        words.set([request.bins, offsets[k]], at + 4);
      } else {
        floats.set([request.lo, request.hi], at + 1);
        if (request.kind === "moments") floats[at + 3] = request.pivot;
        else words.set([0, offsets[k], request.shift, request.prefix], at + 4);
      }
    });
    return words;
  }
}

/** The row tables of all sets one after another, pointing into one list of runs. */
function layOut(sets: readonly Spans[], ny: number): { rows: Uint32Array; runs: Uint32Array } {
  const total = sets.reduce((sum, { runs }) => sum + runs.length, 0);
  const rows = new Uint32Array(Math.max(1, sets.length * (ny + 1)));
  const runs = new Uint32Array(Math.max(2, total));
  let start = 0;
  sets.forEach((set, k) => {
    rows.set(
      set.rowStart.map((row) => row + start / 2),
      k * (ny + 1),
    );
    runs.set(set.runs, start);
    start += set.runs.length;
  });
  return { rows, runs };
}

/** The blocks' partial sums, added up in f64 in the order of the rows. */
function momentsFrom(words: Uint32Array, firstBlock: number, blocks: number): Omit<Moments, "first"> {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  let [count, sum, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (let block = firstBlock; block < firstBlock + blocks; block++) {
    const at = PARTIAL_WORDS * block;
    if (words[at] === 0) continue;
    count += words[at];
    sum += floats[at + 1];
    squares += floats[at + 2];
    min = Math.min(min, floats[at + 4]);
    max = Math.max(max, floats[at + 5]);
  }
  return { count, sum, squares, min, max };
}
