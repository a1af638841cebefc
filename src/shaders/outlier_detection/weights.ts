import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Bins of one pass. */
export const WEIGHT_BINS = 4096;

/** Counts (and with SUMS sums) of weights by bins of their order keys, a list of the others, and partial sums over the core; `bins`
 * (3 x 4096 words) and `list` [0] are cleared by the caller; `list` [0] may say more than there is room for. */
export const weightBins = defineKernel({
  label: "outlier_detection/weight_bins",
  url: new URL("./weight_bins.wgsl", import.meta.url),
  bindings: {
    params: uniform({
      core: "vec4u",
      count: "u32",
      first: "u32",
      shift: "u32",
      span: "u32",
      every: "u32",
      slot: "u32",
      exponent: "u32",
      origin: "u32",
      centre: "f32",
    }),
    weights: storage("read"),
    marks: storage("read"),
    bins: storage("read_write"),
    list: storage("read_write"),
    partials: storage("read_write"),
  },
  constants: ["SUMS"],
});

/** The weights in chosen bins; `values` [0] is cleared by the caller. */
export const weightValues = defineKernel({
  label: "outlier_detection/weight_values",
  url: new URL("./weight_values.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", first: "u32", shift: "u32" }),
    weights: storage("read"),
    chosen: storage("read"),
    values: storage("read_write"),
  },
});
