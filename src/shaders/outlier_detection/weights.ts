import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Intervals of one pass. */
export const WEIGHT_INTERVALS = 6;

/**
 * Sums over the weights in intervals (3 x 6 words a workgroup) and a list of the others; `list` [0] is cleared by the caller
 * and may say more than there is room for.
 */
export const weightSums = defineKernel({
  label: "outlier_detection/weight_sums",
  url: new URL("./weight_sums.wgsl", import.meta.url),
  bindings: {
    params: uniform({
      limits0: "vec4f",
      limits1: "vec4f",
      limits2: "vec4f",
      count: "u32",
      every: "u32",
      room: "u32",
      first: "u32",
      centre: "f32",
    }),
    weights: storage("read"),
    list: storage("read_write"),
    partials: storage("read_write"),
  },
});
