import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Words of a Task in sets.wgsl: at, lo, hi, centre, every, room, bins, shift, prefix. */
export const TASK_WORDS = 9;
/** Words of a Chunk in sets.wgsl: task, rows, first, end, lanes, width. */
export const CHUNK_WORDS = 6;
/** Edges that {@link fewCells} and {@link setCells} can do with. */
export const MOST_EDGES = 4095;
/** Words of a workgroup's partial sums in moments.wgsl. */
export const PARTIAL_WORDS = 8;

const SETS = {
  params: uniform({ nx: "u32", bad: "u32" }),
  data: storage("read"),
  dq: storage("read"),
  rows: storage("read"),
  runs: storage("read"),
  chunks: storage("read"),
} as const;

/** Value of the first pixel of each set; groups: [sets], one chunk each. */
export const firstPixel = defineKernel({
  label: "skymatch/first",
  url: new URL("./first.wgsl", import.meta.url),
  bindings: { ...SETS, found: storage("read_write") },
});

/**
 * Count, sums about a pivot and range of the pixels of sets that lie within limits, and a list of the others; the first words
 * of `list`, one a task, are cleared by the caller; partials are two vec4 a chunk; groups: [chunks].
 */
export const setMoments = defineKernel({
  label: "skymatch/moments",
  url: new URL("./moments.wgsl", import.meta.url),
  bindings: { ...SETS, tasks: storage("read"), partials: storage("read_write"), list: storage("read_write") },
});

/** Histograms of sets of pixels, added to `counts`; groups: [chunks]. */
export const setHistogram = defineKernel({
  label: "skymatch/histogram",
  url: new URL("./histogram.wgsl", import.meta.url),
  bindings: { ...SETS, tasks: storage("read"), counts: storage("read_write") },
});

/** Histograms that {@link fewCells} can do with. */
export const FEW_HISTOGRAMS = 8;

/**
 * Counts by cells of value between the edges of all bins of histograms, each (lo, end, scale, bins), or (0, -3e38, 0, -1) for none;
 * edges + 1 words a task, added to `counts`; groups: [chunks].
 */
export const fewCells = defineKernel({
  label: "skymatch/cells_few",
  url: new URL("./cells_few.wgsl", import.meta.url),
  bindings: {
    ...SETS,
    bins: uniform({
      of0: "vec4f",
      of1: "vec4f",
      of2: "vec4f",
      of3: "vec4f",
      of4: "vec4f",
      of5: "vec4f",
      of6: "vec4f",
      of7: "vec4f",
      edges: "u32",
    }),
    counts: storage("read_write"),
  },
  constants: ["EIGHT"],
});

/** The same from the edges; it finds a cell in 16 ns on lavapipe, fewCells in 1 to 2 a histogram. */
export const setCells = defineKernel({
  label: "skymatch/cells",
  url: new URL("./cells.wgsl", import.meta.url),
  bindings: {
    ...SETS,
    search: uniform({ lo: "f32", scale: "f32", buckets: "u32", edges: "u32" }),
    buckets: storage("read"),
    edges: storage("read"),
    counts: storage("read_write"),
  },
});

/** data -= sky, in f32. */
export const subtractSky = defineKernel({
  label: "skymatch/subtract",
  url: new URL("./subtract.wgsl", import.meta.url),
  bindings: { params: uniform({ count: "u32", sky: "f32" }), data: storage("read_write") },
});
