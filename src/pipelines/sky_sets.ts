import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import type {
  Moments,
  MomentsRequest,
  StatAnswer,
  StatRequest,
  StatRun,
} from "../host/numerics/imagestats.js";
import type { Spans } from "../host/numerics/polygon_fill.js";
import { CoreAndRest, coreFrom, type CoreLimits, NO_CORE } from "../host/numerics/sky_core.js";
import {
  firstPixel,
  PARTIAL_WORDS,
  setHistogram,
  setMoments,
  TASK_WORDS,
} from "../shaders/skymatch/kernels.js";
import { layOut, momentsFrom, pixelsOf, startsOf } from "./sky_tables.js";

/** Row blocks at most, and pixels in one at least: a software driver pays more for a workgroup than for its pixels. */
const MOST_BLOCKS = 1024;
const BLOCK_PIXELS = 8192;
const DIGITS = 256;

/** Pixels of a sample, and how many a set may have to be its own sample. */
const SAMPLE = 2 ** 16;
const MOST_SAMPLED = 2 ** 18;
/** The rest of a set is listed where it is less than one pixel in so many. */
const LISTED_OF = 16;

/** A task of the moments kernel: sums within the limits and a list of at most `room` others, from every so many rows and quads. */
interface Part {
  readonly set: number;
  readonly limits: CoreLimits;
  readonly every: number;
  readonly room: number;
}
interface PartSums {
  readonly core: Moments;
  /** In no order; undefined where there are more than fit. */
  readonly rest: Float32Array | undefined;
}
type Counting = Exclude<StatRequest, MomentsRequest>;
interface Query<R extends StatRequest = StatRequest> {
  readonly set: number;
  readonly request: R;
}

/**
 * Sets of pixels of one image on the device, and what a statistic asks of them. Its clipping is tried on a sample, read back, of
 * each set; one pass then sums the core that all its rounds should keep and lists the few pixels beyond, and each round is
 * answered from that, exactly. Where a round cuts the core after all, a pass of its own is made. Other rounds of questions,
 * from all sets together, are one submit and one read-back.
 */
export class SkySets {
  private readonly buffers: DeviceBuffer[] = [];
  private readonly rows: DeviceBuffer;
  private readonly runs: DeviceBuffer;
  private readonly height: number;
  private readonly sizes: readonly number[];
  private known: readonly (CoreAndRest | undefined)[] = [];

  /**
   * @param data f32 image of nx x ny, row-major
   * @param dq u32 flags of the same shape; pixels with any of `bad` are in no set, nor are those that are not finite
   */
  constructor(
    private readonly gpu: Gpu,
    private readonly nx: number,
    private readonly ny: number,
    private readonly data: DeviceBuffer,
    private readonly dq: DeviceBuffer,
    private readonly bad: number,
    sets: readonly Spans[],
  ) {
    this.sizes = sets.map(pixelsOf);
    this.height = Math.min(ny, Math.max(Math.ceil(ny / MOST_BLOCKS), Math.ceil(BLOCK_PIXELS / nx)));
    const table = layOut(sets, ny);
    this.rows = this.keep(gpu.upload("skymatch rows", table.rows));
    this.runs = this.keep(gpu.upload("skymatch runs", table.runs));
  }

  /** A statistic of each set, all in step; `statistic` is called anew for each, and for its sample. */
  async measure<T>(statistic: () => StatRun<T>): Promise<T[]> {
    const first = this.firstValues();
    this.known = await this.survey(statistic);
    const firsts = await first;
    const runs = this.sizes.map(statistic);
    const states = runs.map((run) => run.next());
    for (;;) {
      const open = states.flatMap((state, set) => (state.done ? [] : [{ set, request: state.value }]));
      if (open.length === 0) return states.map((state) => state.value as T);
      const answers = await this.answer(open, firsts);
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

  /** Each set as its core and the rest; undefined where the rest is too much. */
  private async survey<T>(statistic: () => StatRun<T>): Promise<(CoreAndRest | undefined)[]> {
    const known: (CoreAndRest | undefined)[] = this.sizes.map(() => undefined);
    const measured = async (parts: readonly Part[]): Promise<void> => {
      (await this.parts(parts)).forEach(({ core, rest }, k) => {
        const { set, every, limits } = parts[k];
        if (rest && every === 1) known[set] = new CoreAndRest(limits, core, rest);
        else if (rest && limits === NO_CORE) samples.push({ set, sample: rest });
      });
    };
    const samples: { set: number; sample: Float32Array }[] = [];
    await measured(
      this.sizes.map((size, set) => {
        const every = size <= MOST_SAMPLED ? 1 : Math.ceil(Math.sqrt(size / SAMPLE));
        return { set, limits: NO_CORE, every, room: Math.min(size, MOST_SAMPLED) };
      }),
    );
    const cores = samples.flatMap(({ set, sample }): Part[] => {
      const limits = coreFrom(sample, statistic());
      const room = Math.max(MOST_SAMPLED, Math.ceil(this.sizes[set] / LISTED_OF));
      return limits ? [{ set, limits, every: 1, room }] : [];
    });
    await measured(cores);
    return known;
  }

  private async answer(queries: readonly Query[], firsts: Float32Array): Promise<StatAnswer[]> {
    const answers = queries.map(({ set, request }): StatAnswer | undefined =>
      request.kind === "moments" ? this.known[set]?.moments(request) : undefined,
    );
    const sums: number[] = [];
    const counts: number[] = [];
    queries.forEach(({ request }, k) => {
      if (!answers[k]) (request.kind === "moments" ? sums : counts).push(k);
    });
    const [moments, histograms] = await Promise.all([
      this.parts(sums.map((k) => wholePart(queries[k] as Query<MomentsRequest>))),
      this.histograms(counts.map((k) => queries[k] as Query<Counting>)),
    ]);
    sums.forEach((k, i) => (answers[k] = moments[i].core));
    counts.forEach((k, i) => (answers[k] = histograms[i]));
    return answers.map((answer, k) =>
      answer instanceof Uint32Array ? answer : { ...(answer as Moments), first: firsts[queries[k].set] },
    );
  }

  private async parts(parts: readonly Part[]): Promise<PartSums[]> {
    if (parts.length === 0) return [];
    const blocks = Math.ceil(this.ny / this.height);
    const offsets = startsOf(
      parts.map(({ room }) => room),
      parts.length,
    );
    const partials = this.gpu.alloc("skymatch partials", 4 * PARTIAL_WORDS * blocks * parts.length);
    const list = this.gpu.alloc("skymatch list", 4 * offsets[parts.length]);
    const tasks = this.upload(parts.length, (k, words, floats) => {
      const { set, limits, every, room } = parts[k];
      words[0] = set * (this.ny + 1);
      floats.set([limits.lo, limits.hi, limits.pivot], 1);
      words.set([offsets[k], every, room], 4);
    });
    try {
      this.gpu
        .recorder("skymatch moments")
        .clear(list, 0, 4 * parts.length)
        .run(setMoments, { ...this.bindings(tasks), partials, list }, [blocks, parts.length])
        .submit();
      const words = await this.gpu.read(partials, Uint32Array);
      const listed = await this.gpu.read(list, Uint32Array, 0, parts.length);
      const rests = parts.map(({ room }, k) =>
        listed[k] <= room ? this.gpu.read(list, Float32Array, 4 * offsets[k], listed[k]) : undefined,
      );
      const found = await Promise.all(rests);
      return found.map((rest, k) => ({ core: momentsFrom(words, k * blocks, blocks), rest }));
    } finally {
      partials.free();
      list.free();
      tasks.free();
    }
  }

  private async histograms(queries: readonly Query<Counting>[]): Promise<Uint32Array[]> {
    if (queries.length === 0) return [];
    // one bin more, for values that rounding puts beyond the last
    const sizes = queries.map(({ request }) => (request.kind === "histogram" ? request.bins + 1 : DIGITS));
    const offsets = startsOf(sizes);
    const counts = this.gpu.alloc("skymatch counts", 4 * offsets[sizes.length]);
    const tasks = this.upload(queries.length, (k, words, floats) => {
      const { set, request } = queries[k];
      words[0] = set * (this.ny + 1);
      words[4] = offsets[k];
      if (request.kind === "histogram") {
        floats.set([request.min, request.end, request.scale], 1);
        words[7] = request.bins;
      } else {
        floats.set([request.lo, request.hi], 1);
        words.set([request.shift, request.prefix], 8);
      }
    });
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

  /** Value of each set's first pixel, NaN for a set without any. */
  private async firstValues(): Promise<Float32Array> {
    const sets = this.sizes.length;
    const tasks = this.upload(sets, (set, words) => (words[0] = set * (this.ny + 1)));
    const found = this.gpu.alloc("skymatch first", 8 * sets);
    try {
      this.gpu
        .recorder("skymatch first")
        .run(firstPixel, { ...this.bindings(tasks), found }, [1, sets])
        .submit();
      const words = await this.gpu.read(found, Uint32Array, 0, 2 * sets);
      const values = new Float32Array(words.buffer);
      return Float32Array.from(this.sizes, (_, set) => (words[2 * set] ? values[2 * set + 1] : NaN));
    } finally {
      tasks.free();
      found.free();
    }
  }

  private bindings(tasks: DeviceBuffer) {
    const { nx, ny, height, bad, data, dq, rows, runs } = this;
    return { params: { nx, ny, height, bad }, data, dq, rows, runs, tasks };
  }

  private upload(
    count: number,
    fill: (k: number, words: Uint32Array, floats: Float32Array) => void,
  ): DeviceBuffer {
    const all = new Uint32Array(TASK_WORDS * count);
    for (let k = 0; k < count; k++) {
      const words = all.subarray(TASK_WORDS * k, TASK_WORDS * (k + 1));
      fill(k, words, new Float32Array(words.buffer, words.byteOffset, words.length));
    }
    return this.gpu.upload("skymatch tasks", all);
  }
}

function wholePart({ set, request: { lo, hi, pivot } }: Query<MomentsRequest>): Part {
  return { set, limits: { lo, hi, pivot }, every: 1, room: 0 };
}
