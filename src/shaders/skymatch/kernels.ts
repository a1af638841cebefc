import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Words of a Task in sets.wgsl: rows, lo, hi, centre, at, every, room, bins, shift, prefix. */
export const TASK_WORDS = 10;
/** Words of a workgroup's partial sums in moments.wgsl. */
export const PARTIAL_WORDS = 8;

const SETS = {
  params: uniform({ nx: "u32", ny: "u32", height: "u32", bad: "u32" }),
  data: storage("read"),
  dq: storage("read"),
  rows: storage("read"),
  runs: storage("read"),
  tasks: storage("read"),
} as const;

/** Value of the first pixel of each set; groups: [1, tasks]. */
export const firstPixel = defineKernel({
  label: "skymatch/first",
  url: new URL("./first.wgsl", import.meta.url),
  bindings: { ...SETS, found: storage("read_write") },
});

/**
 * Count, sums about a pivot and range of the pixels of sets that lie within limits, and a list of the others; the first words
 * of `list`, one a task, are cleared by the caller; groups: [row blocks, tasks].
 */
export const setMoments = defineKernel({
  label: "skymatch/moments",
  url: new URL("./moments.wgsl", import.meta.url),
  bindings: { ...SETS, partials: storage("read_write"), list: storage("read_write") },
});

/** Histograms of sets of pixels, added to `counts`; groups: [row blocks, tasks]. */
export const setHistogram = defineKernel({
  label: "skymatch/histogram",
  url: new URL("./histogram.wgsl", import.meta.url),
  bindings: { ...SETS, counts: storage("read_write") },
});

/** data -= sky, in f32. */
export const subtractSky = defineKernel({
  label: "skymatch/subtract",
  url: new URL("./subtract.wgsl", import.meta.url),
  bindings: { params: uniform({ count: "u32", sky: "f32" }), data: storage("read_write") },
});
