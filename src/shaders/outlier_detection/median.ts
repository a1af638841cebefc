import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Most layers that `nanmedian` sorts; beyond them `nanmedianMany` selects. */
export const MAX_SORTED_LAYERS = 16;

/** A run of a group's pixels into its layer of a stack, NaN where the weight is below the threshold. */
export const maskLowWeight = defineKernel({
  label: "outlier_detection/mask_low_weight",
  url: new URL("./mask_low_weight.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", source: "u32", target_start: "u32", threshold: "f32" }),
    data: storage("read"),
    weights: storage("read"),
    stack: storage("read_write"),
  },
});

/** NaN-median of a stack [LAYERS][pixels], LAYERS at most 16. */
export const nanmedian = defineKernel({
  label: "outlier_detection/nanmedian",
  url: new URL("./nanmedian.wgsl", import.meta.url),
  bindings: {
    params: uniform({ pixels: "u32", target_start: "u32" }),
    stack: storage("read"),
    median: storage("read_write"),
  },
  constants: ["LAYERS"],
});

/** NaN-median of a stack [layers][pixels] of any depth. */
export const nanmedianMany = defineKernel({
  label: "outlier_detection/nanmedian_many",
  url: new URL("./nanmedian_many.wgsl", import.meta.url),
  bindings: {
    params: uniform({ pixels: "u32", target_start: "u32", layers: "u32" }),
    stack: storage("read"),
    median: storage("read_write"),
  },
});
