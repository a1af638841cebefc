import { defineKernel, storage, uniform } from "../../gpu/index.js";

const boxes = uniform({
  nx: "u32",
  y0: "u32",
  boxHeight: "u32",
  boxWidth: "u32",
  boxesX: "u32",
  bins: "u32",
  sub: "u32",
  shift: "u32",
  rows: "u32",
  rowStep: "u32",
  chunk0: "u32",
  chunks: "u32",
});

/** The mesh of a spline background and how to evaluate it; (background, rms) pairs. */
export const meshFields = {
  pivot: "vec2f",
  low: "vec2f",
  high: "vec2f",
  meshNx: "u32",
  meshNy: "u32",
  boxWidth: "u32",
  boxHeight: "u32",
} as const;

/** Rows of a box that one workgroup walks. */
export const CHUNK_ROWS = 8;

/** Coverage mask, one bit a pixel; 1024 pixels a workgroup in flat order. */
export const backgroundMask = defineKernel({
  label: "source_catalog/background_mask",
  url: new URL("./background_mask.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32" }),
    data: storage("read"),
    err: storage("read"),
    mask: storage("read_write"),
  },
});

/** Histograms by leading key bits, `bins` = 2^(32 - shift) counts a box; groups: [chunks, boxes]. */
export const backgroundCoarse = defineKernel({
  label: "source_catalog/background_coarse",
  url: new URL("./background_coarse.wgsl", import.meta.url),
  bindings: { params: boxes, data: storage("read"), mask: storage("read"), counts: storage("read_write") },
});

/** Histograms in each box's window; groups: [chunks, boxes]. */
export const backgroundFine = defineKernel({
  label: "source_catalog/background_fine",
  url: new URL("./background_fine.wgsl", import.meta.url),
  bindings: {
    params: boxes,
    data: storage("read"),
    mask: storage("read"),
    windows: storage("read"),
    counts: storage("read_write"),
  },
});

/** Count, least and greatest key and sum of keys of the parts of chosen bins; groups: [chunks, boxes]. */
export const backgroundParts = defineKernel({
  label: "source_catalog/background_parts",
  url: new URL("./background_parts.wgsl", import.meta.url),
  bindings: {
    params: boxes,
    data: storage("read"),
    mask: storage("read"),
    windows: storage("read"),
    slots: storage("read"),
    parts: storage("read_write"),
  },
});

/** Partial sums that a workgroup of background_sums gives. */
export const SUMS_A_GROUP = 256;

/** First and second moments of the clipped pixels; groups: [chunks, boxes]. */
export const backgroundSums = defineKernel({
  label: "source_catalog/background_sums",
  url: new URL("./background_sums.wgsl", import.meta.url),
  bindings: {
    params: boxes,
    data: storage("read"),
    mask: storage("read"),
    bounds: storage("read"),
    sums: storage("read_write"),
  },
});

/** Spline background taken off the data; groups: [ceil(nx / 1024), rows]. */
export const backgroundSubtract = defineKernel({
  label: "source_catalog/background_subtract",
  url: new URL("./background_subtract.wgsl", import.meta.url),
  bindings: {
    params: uniform({ ...meshFields, nx: "u32", x0: "u32", y0: "u32" }),
    data: storage("read"),
    mask: storage("read"),
    mesh: storage("read"),
    subtracted: storage("read_write"),
  },
});

/** Rows of pixels that one invocation of background_subtract_quads takes. */
export const SUBTRACT_ROWS = 16;

/** Coefficients along x of each row of pixels, meshNx + 5 f32 a row; groups: [ceil(ny / 64)]. */
export const backgroundLines = defineKernel({
  label: "source_catalog/background_lines",
  url: new URL("./background_lines.wgsl", import.meta.url),
  bindings: {
    params: uniform({ ...meshFields, ny: "u32", y0: "u32" }),
    mesh: storage("read"),
    lines: storage("read_write"),
  },
});

/**
 * background_subtract for nx a multiple of 4 and boxes at least 4 wide, with the coefficients of background_lines;
 * groups: [ceil(nx / 256), ceil(ny / SUBTRACT_ROWS)].
 */
export const backgroundSubtractQuads = defineKernel({
  label: "source_catalog/background_subtract_quads",
  url: new URL("./background_subtract_quads.wgsl", import.meta.url),
  bindings: {
    params: uniform({ ...meshFields, nx: "u32", ny: "u32", x0: "u32" }),
    data: storage("read"),
    mask: storage("read"),
    lines: storage("read"),
    subtracted: storage("read_write"),
  },
});
