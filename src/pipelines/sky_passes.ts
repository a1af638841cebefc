import type { DeviceBuffer, Gpu, Recorder } from "../gpu/index.js";
import { bucketsOf } from "../host/numerics/bin_cells.js";
import type { Moments, MomentsRequest, StatRequest } from "../host/numerics/imagestats.js";
import type { Spans } from "../host/numerics/polygon_fill.js";
import type { CoreLimits } from "../host/numerics/sky_core.js";
import {
  FEW_HISTOGRAMS,
  fewCells,
  firstPixel,
  PARTIAL_WORDS,
  setCells,
  setHistogram,
  setMoments,
  TASK_WORDS,
} from "../shaders/skymatch/kernels.js";
import { SkyChunks } from "./sky_chunks.js";

/**
 * Row blocks at most, and pixels in one at least: a software driver pays more for a workgroup than for its pixels. 64 blocks take two
 * thirds of the time of 1024 on lavapipe and on SwiftShader, a GPU wants many.
 */
const MOST_BLOCKS = { hardware: 1024, lavapipe: 64, swiftshader: 64 } as const;
const BLOCK_PIXELS = 8192;
/** Sets and pieces, at most, whose blocks of rows are chunks: of four exposures they are at most 10, of eight some 32. */
const MOST_APART = 64;
const DIGITS = 256;
const BUCKETS = 2 ** 13;
/** A histogram without bins, as fewCells takes them. */
const NO_BINS = [0, -3.4028234663852886e38, 0, -1];

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
  private readonly chunks: SkyChunks;
  private readonly rows: DeviceBuffer;
  private readonly runs: DeviceBuffer;

  constructor(
    private readonly gpu: Gpu,
    private readonly image: SkyImagePlanes,
    sets: readonly Spans[],
  ) {
    const { nx, ny } = image;
    const height = Math.max(Math.ceil(ny / MOST_BLOCKS[gpu.info.kind]), Math.ceil(BLOCK_PIXELS / nx));
    this.chunks = new SkyChunks(sets, { nx, height, joined: sets.length > MOST_APART });
    this.rows = gpu.upload("skymatch rows", this.chunks.rows);
    this.runs = gpu.upload("skymatch runs", this.chunks.runs);
  }

  free(): void {
    this.rows.free();
    this.runs.free();
  }

  async parts(parts: readonly Part[]): Promise<PartSums[]> {
    const table = this.chunks.table(parts.map(({ set }) => set));
    const groups = table.starts[parts.length];
    if (groups === 0) return parts.map(() => ({ core: NOTHING, rest: new Float32Array(0) }));
    const { gpu } = this;
    const offsets = startsOf(
      parts.map(({ room }) => room),
      parts.length,
    );
    const partials = gpu.alloc("skymatch partials", 4 * PARTIAL_WORDS * groups);
    const list = gpu.alloc("skymatch list", 4 * offsets[parts.length]);
    const chunks = gpu.upload("skymatch chunks", table.words);
    const tasks = this.tasks(parts, ({ limits, every, room }, k, words, floats) => {
      floats.set([limits.lo, limits.hi, limits.pivot], 1);
      words.set([every, room], 4);
      words[0] = offsets[k];
    });
    try {
      gpu
        .recorder("skymatch moments")
        .clear(list, 0, 4 * parts.length)
        .run(setMoments, { ...this.bindings(chunks), tasks, partials, list }, [groups])
        .submit();
      const [words, listed] = await Promise.all([
        gpu.read(partials, Uint32Array),
        gpu.read(list, Uint32Array),
      ]);
      const values = new Float32Array(listed.buffer);
      return parts.map(({ room }, k) => ({
        core: momentsFrom(words, table.starts[k], table.starts[k + 1]),
        rest: listed[k] <= room ? values.subarray(offsets[k], offsets[k] + listed[k]) : undefined,
      }));
    } finally {
      partials.free();
      list.free();
      tasks.free();
      chunks.free();
    }
  }

  async histograms(queries: readonly Counting[]): Promise<Uint32Array[]> {
    const table = this.chunks.table(queries.map(({ set }) => set));
    // one bin more, for values that rounding puts beyond the last
    const sizes = queries.map(({ request }) => (request.kind === "histogram" ? request.bins + 1 : DIGITS));
    const groups = table.starts[queries.length];
    if (groups === 0) return sizes.map((size) => new Uint32Array(size));
    const { gpu } = this;
    const offsets = startsOf(sizes);
    const counts = gpu.alloc("skymatch counts", 4 * offsets[sizes.length]);
    const chunks = gpu.upload("skymatch chunks", table.words);
    const tasks = this.tasks(queries, ({ request }, k, words, floats) => {
      words[0] = offsets[k];
      if (request.kind === "histogram") {
        floats.set([request.min, request.end, request.scale], 1);
        words[6] = request.bins;
      } else {
        floats.set([request.lo, request.hi], 1);
        words.set([request.shift, request.prefix], 7);
      }
    });
    try {
      gpu
        .recorder("skymatch histograms")
        .clear(counts)
        .run(setHistogram, { ...this.bindings(chunks), tasks, counts }, [groups])
        .submit();
      const words = await gpu.read(counts, Uint32Array);
      return queries.map(({ request }, k) => {
        const size = request.kind === "histogram" ? request.bins : DIGITS;
        return words.subarray(offsets[k], offsets[k] + size);
      });
    } finally {
      counts.free();
      tasks.free();
      chunks.free();
    }
  }

  /**
   * Of each set, how many of its pixels are in each cell between the edges of all bins of histograms, (lo, end, scale, bins) each:
   * edges.length + 1 counts, those of the first and the last without meaning.
   */
  async cells(
    sets: readonly number[],
    edges: Float32Array,
    histograms: readonly (readonly number[])[],
  ): Promise<Uint32Array[]> {
    const table = this.chunks.table(sets);
    const size = edges.length + 1;
    const groups = table.starts[sets.length];
    if (groups === 0) return sets.map(() => new Uint32Array(size));
    const { gpu } = this;
    const counts = gpu.alloc("skymatch counts", 4 * size * sets.length);
    const chunks = gpu.upload("skymatch chunks", table.words);
    const bindings = { ...this.bindings(chunks), counts };
    try {
      const rec = gpu.recorder("skymatch cells").clear(counts);
      if (histograms.length <= FEW_HISTOGRAMS) {
        const bins = { ...binsOf(histograms), edges: edges.length };
        const EIGHT = histograms.length > FEW_HISTOGRAMS / 2;
        rec.run(fewCells, { ...bindings, bins }, [groups], { EIGHT }).submit();
      } else this.search(rec, bindings, edges, groups);
      const found = await gpu.read(counts, Uint32Array);
      return sets.map((_, k) => found.subarray(k * size, (k + 1) * size));
    } finally {
      counts.free();
      chunks.free();
    }
  }

  private search(
    rec: Recorder,
    bindings: ReturnType<SkyPasses["bindings"]> & { readonly counts: DeviceBuffer },
    edges: Float32Array,
    groups: number,
  ): void {
    const { lo, scale, words } = bucketsOf(edges, BUCKETS);
    const buckets = this.gpu.upload("skymatch buckets", words);
    const limits = this.gpu.upload("skymatch edges", edges);
    const search = { lo, scale, buckets: BUCKETS, edges: edges.length };
    rec.run(setCells, { ...bindings, search, buckets, edges: limits }, [groups]).submit();
    buckets.free();
    limits.free();
  }

  /** Value of the first pixel of each of the first `count` sets, NaN for a set without any. */
  async firstValues(count: number): Promise<Float32Array> {
    const chunks = this.gpu.upload("skymatch chunks", this.chunks.whole(count));
    const found = this.gpu.alloc("skymatch first", 8 * count);
    try {
      this.gpu
        .recorder("skymatch first")
        .run(firstPixel, { ...this.bindings(chunks), found }, [count])
        .submit();
      const words = await this.gpu.read(found, Uint32Array, 0, 2 * count);
      const values = new Float32Array(words.buffer);
      return Float32Array.from({ length: count }, (_, set) => (words[2 * set] ? values[2 * set + 1] : NaN));
    } finally {
      chunks.free();
      found.free();
    }
  }

  private bindings(chunks: DeviceBuffer) {
    const { rows, runs } = this;
    const { nx, bad, data, dq } = this.image;
    return { params: { nx, bad }, data, dq, rows, runs, chunks };
  }

  private tasks<T>(
    queries: readonly T[],
    fill: (query: T, k: number, words: Uint32Array, floats: Float32Array) => void,
  ): DeviceBuffer {
    const all = new Uint32Array(TASK_WORDS * queries.length);
    queries.forEach((query, k) => {
      const words = all.subarray(TASK_WORDS * k, TASK_WORDS * (k + 1));
      fill(query, k, words, new Float32Array(words.buffer, words.byteOffset, words.length));
    });
    return this.gpu.upload("skymatch tasks", all);
  }
}

export const NOTHING: Moments = { count: 0, sum: 0, squares: 0, min: Infinity, max: -Infinity, first: NaN };

function binsOf(histograms: readonly (readonly number[])[]) {
  const [of0, of1, of2, of3, of4, of5, of6, of7] = Array.from(
    { length: FEW_HISTOGRAMS },
    (_, k) => histograms[k] ?? NO_BINS,
  );
  return { of0, of1, of2, of3, of4, of5, of6, of7 };
}

/** Where pieces of these sizes start, one after another from `first` on, and where the last ends. */
function startsOf(sizes: readonly number[], first = 0): number[] {
  const starts = [first];
  for (const size of sizes) starts.push(starts[starts.length - 1] + size);
  return starts;
}

/** The chunks' partial sums, added up in f64 in the order of the rows. */
function momentsFrom(words: Uint32Array, first: number, end: number): Moments {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  let { count, sum, squares, min, max } = NOTHING;
  for (let chunk = first; chunk < end; chunk++) {
    const at = PARTIAL_WORDS * chunk;
    if (words[at] === 0) continue;
    count += words[at];
    sum += floats[at + 1];
    squares += floats[at + 2];
    min = Math.min(min, floats[at + 4]);
    max = Math.max(max, floats[at + 5]);
  }
  return { count, sum, squares, min, max, first: NaN };
}
