import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import type { Moments, MomentsRequest, StatRequest } from "../host/numerics/imagestats.js";
import type { Spans } from "../host/numerics/polygon_fill.js";
import type { CoreLimits } from "../host/numerics/sky_core.js";
import {
  firstPixel,
  PARTIAL_WORDS,
  setHistogram,
  setMoments,
  TASK_WORDS,
} from "../shaders/skymatch/kernels.js";

/**
 * Row blocks at most, and pixels in one at least: a software driver pays more for a workgroup than for its pixels. 64 blocks take two
 * thirds of the time of 1024 on lavapipe and on SwiftShader, a GPU wants many.
 */
const MOST_BLOCKS = { hardware: 1024, lavapipe: 64, swiftshader: 64 } as const;
const BLOCK_PIXELS = 8192;
const DIGITS = 256;

/** The image that sets of pixels are taken of: f32 data and u32 DQ, row-major; no pixel with any flag of `bad` is in a set. */
export interface SkyImagePlanes {
  readonly nx: number;
  readonly ny: number;
  readonly data: DeviceBuffer;
  readonly dq: DeviceBuffer;
  readonly bad: number;
}

/** Sums within the limits over one in `every` rows, and in them quads, of a set, and a list of its other pixels if they are at most `room`. */
export interface Part {
  readonly set: number;
  readonly limits: CoreLimits;
  readonly every: number;
  readonly room: number;
}
export interface PartSums {
  /** `first` is not known. */
  readonly core: Moments;
  /** In no order; undefined where they are more. */
  readonly rest: Float32Array | undefined;
}
export interface Counting {
  readonly set: number;
  readonly request: Exclude<StatRequest, MomentsRequest>;
}

/** Passes over sets of pixels of one image on the device: each is one submit for all sets, and reads back what it finds. */
export class SkyPasses {
  private readonly rows: DeviceBuffer;
  private readonly runs: DeviceBuffer;
  private readonly height: number;
  private readonly blocks: number;

  constructor(
    private readonly gpu: Gpu,
    private readonly image: SkyImagePlanes,
    sets: readonly Spans[],
  ) {
    const { nx, ny } = image;
    this.height = Math.min(
      ny,
      Math.max(Math.ceil(ny / MOST_BLOCKS[gpu.info.kind]), Math.ceil(BLOCK_PIXELS / nx)),
    );
    this.blocks = Math.ceil(ny / this.height);
    const table = layOut(sets, ny);
    this.rows = gpu.upload("skymatch rows", table.rows);
    this.runs = gpu.upload("skymatch runs", table.runs);
  }

  free(): void {
    this.rows.free();
    this.runs.free();
  }

  async parts(parts: readonly Part[]): Promise<PartSums[]> {
    if (parts.length === 0) return [];
    const { gpu, blocks } = this;
    const offsets = startsOf(
      parts.map(({ room }) => room),
      parts.length,
    );
    const partials = gpu.alloc("skymatch partials", 4 * PARTIAL_WORDS * blocks * parts.length);
    const list = gpu.alloc("skymatch list", 4 * offsets[parts.length]);
    const tasks = this.tasks(parts, ({ limits, every, room }, k, words, floats) => {
      floats.set([limits.lo, limits.hi, limits.pivot], 1);
      words.set([offsets[k], every, room], 4);
    });
    try {
      gpu
        .recorder("skymatch moments")
        .clear(list, 0, 4 * parts.length)
        .run(setMoments, { ...this.bindings(tasks), partials, list }, [blocks, parts.length])
        .submit();
      const words = await gpu.read(partials, Uint32Array);
      const listed = await gpu.read(list, Uint32Array, 0, parts.length);
      const rests = parts.map(({ room }, k) =>
        listed[k] <= room ? gpu.read(list, Float32Array, 4 * offsets[k], listed[k]) : undefined,
      );
      const found = await Promise.all(rests);
      return found.map((rest, k) => ({ core: momentsFrom(words, k * blocks, blocks), rest }));
    } finally {
      partials.free();
      list.free();
      tasks.free();
    }
  }

  async histograms(queries: readonly Counting[]): Promise<Uint32Array[]> {
    if (queries.length === 0) return [];
    const { gpu, blocks } = this;
    // one bin more, for values that rounding puts beyond the last
    const sizes = queries.map(({ request }) => (request.kind === "histogram" ? request.bins + 1 : DIGITS));
    const offsets = startsOf(sizes);
    const counts = gpu.alloc("skymatch counts", 4 * offsets[sizes.length]);
    const tasks = this.tasks(queries, ({ request }, k, words, floats) => {
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
      gpu
        .recorder("skymatch histograms")
        .clear(counts)
        .run(setHistogram, { ...this.bindings(tasks), counts }, [blocks, queries.length])
        .submit();
      const words = await gpu.read(counts, Uint32Array);
      return sizes.map((size, k) => words.subarray(offsets[k], offsets[k] + size));
    } finally {
      counts.free();
      tasks.free();
    }
  }

  /** Value of the first pixel of each of the first `count` sets, NaN for a set without any. */
  async firstValues(count: number): Promise<Float32Array> {
    const sets = Array.from({ length: count }, (_, set) => ({ set }));
    const tasks = this.tasks(sets, () => undefined);
    const found = this.gpu.alloc("skymatch first", 8 * count);
    try {
      this.gpu
        .recorder("skymatch first")
        .run(firstPixel, { ...this.bindings(tasks), found }, [1, count])
        .submit();
      const words = await this.gpu.read(found, Uint32Array, 0, 2 * count);
      const values = new Float32Array(words.buffer);
      return Float32Array.from(sets, ({ set }) => (words[2 * set] ? values[2 * set + 1] : NaN));
    } finally {
      tasks.free();
      found.free();
    }
  }

  private bindings(tasks: DeviceBuffer) {
    const { rows, runs, height } = this;
    const { nx, ny, bad, data, dq } = this.image;
    return { params: { nx, ny, height, bad }, data, dq, rows, runs, tasks };
  }

  private tasks<T extends { readonly set: number }>(
    queries: readonly T[],
    fill: (query: T, k: number, words: Uint32Array, floats: Float32Array) => void,
  ): DeviceBuffer {
    const all = new Uint32Array(TASK_WORDS * queries.length);
    queries.forEach((query, k) => {
      const words = all.subarray(TASK_WORDS * k, TASK_WORDS * (k + 1));
      words[0] = query.set * (this.image.ny + 1);
      fill(query, k, words, new Float32Array(words.buffer, words.byteOffset, words.length));
    });
    return this.gpu.upload("skymatch tasks", all);
  }
}

/** Where pieces of these sizes start, one after another from `first` on, and where the last ends. */
function startsOf(sizes: readonly number[], first = 0): number[] {
  const starts = [first];
  for (const size of sizes) starts.push(starts[starts.length - 1] + size);
  return starts;
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
function momentsFrom(words: Uint32Array, firstBlock: number, blocks: number): Moments {
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
  return { count, sum, squares, min, max, first: NaN };
}
