import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Most layers that `nanmedian` takes, each from a buffer of its own. */
export const MAX_PLANES = 8;
/** Most layers that `nanmedianStack` sorts; beyond them `nanmedianMany` selects. */
export const MAX_SORTED_LAYERS = 32;

/** A group's pixels in place: NaN where the weight is below the threshold, else the fill value where the weight is 0 and `filled` is 1. */
export const maskLowWeight = defineKernel({
  label: "outlier_detection/mask_low_weight",
  url: new URL("./mask_low_weight.wgsl", import.meta.url),
  bindings: {
    params: uniform({ quads: "u32", threshold: "f32", fill: "u32", filled: "u32" }),
    weights: storage("read"),
    data: storage("read_write"),
  },
});

/** NaN-median of LAYERS planes, at most 8; buffers and starts beyond LAYERS are not looked at. */
export const nanmedian = defineKernel({
  label: "outlier_detection/nanmedian",
  url: new URL("./nanmedian.wgsl", import.meta.url),
  bindings: {
    params: uniform({ quads: "u32", target_start: "u32", starts: "vec4u", more_starts: "vec4u" }),
    layer0: storage("read"),
    layer1: storage("read"),
    layer2: storage("read"),
    layer3: storage("read"),
    layer4: storage("read"),
    layer5: storage("read"),
    layer6: storage("read"),
    layer7: storage("read"),
    median: storage("read_write"),
  },
  constants: ["LAYERS"],
});

/** NaN-median of a stack [LAYERS][quads], LAYERS at most 32. */
export const nanmedianStack = defineKernel({
  label: "outlier_detection/nanmedian_stack",
  url: new URL("./nanmedian_stack.wgsl", import.meta.url),
  bindings: {
    params: uniform({ quads: "u32", target_start: "u32" }),
    stack: storage("read"),
    median: storage("read_write"),
  },
  constants: ["LAYERS"],
});

/** NaN-median of a stack [layers][quads] of any depth; its values are lost. */
export const nanmedianMany = defineKernel({
  label: "outlier_detection/nanmedian_many",
  url: new URL("./nanmedian_many.wgsl", import.meta.url),
  bindings: {
    params: uniform({ quads: "u32", target_start: "u32", layers: "u32" }),
    stack: storage("read_write"),
    median: storage("read_write"),
  },
});
