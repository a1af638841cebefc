import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Threads of a workgroup of the kernels with one workgroup a source: 8 at least. */
const constants = ["THREADS"];
const at = (name: string): URL => new URL(`./${name}.wgsl`, import.meta.url);

/** Bounding box of each label; `boxes` (4 words a label) must hold (~0, 0, ~0, 0). Groups: LABEL_GROUP pixels in flat order. */
export const segmentBoxes = defineKernel({
  label: "source_catalog/segment_boxes",
  url: at("segment_boxes"),
  bindings: {
    params: uniform({ nx: "u32", ny: "u32" }),
    segmentation: storage("read"),
    seeds: storage("read"),
    boxes: storage("read_write"),
  },
});

/** f32 words of `out` a source: 8 sums (hi, lo): m00 m10 m01 m20 m11 m02 flux variance; centre x, y; pixels (u32); 0. */
export const MOMENTS_STRIDE = 20;

/** Sums over the segment and moments of the detection image; one workgroup a source, `groups_x` wide. */
export const segmentMoments = defineKernel({
  label: "source_catalog/moments",
  url: at("moments"),
  constants,
  bindings: {
    params: uniform({ nx: "u32", sources: "u32", groups_x: "u32", zero: "u32" }),
    data: storage("read"),
    err: storage("read"),
    mask: storage("read"),
    detection: storage("read"),
    segmentation: storage("read"),
    boxes: storage("read"),
    labels: storage("read"),
    out: storage("read_write"),
  },
});

/**
 * f32 words of `out` a source and radius: flux (hi, lo), variance (hi, lo), bits of what is not finite (u32), and whether any pixel
 * counted (u32).
 */
export const APERTURE_STRIDE = 6;

/** 32-bit words of a radius: its pixels (f32), first and number (u32) of the offsets in `rims` that the circle's line can touch. */
export const RADIUS_WORDS = 3;

/** Circular apertures by exact overlap; groups: sources (two dimensions) x radii. */
export const circularApertures = defineKernel({
  label: "source_catalog/apertures",
  url: at("apertures"),
  constants,
  bindings: {
    params: uniform({ nx: "u32", ny: "u32", sources: "u32", groups_x: "u32", radii: "u32", zero: "u32" }),
    data: storage("read"),
    err: storage("read"),
    centres: storage("read"),
    radii: storage("read"),
    rims: storage("read"),
    out: storage("read_write"),
  },
});

/** f32 words of `out` a source: pixels left (u32), the two middle values, sums of (v - about) and its square (hi, lo each), 0; about: a value near the median. */
export const ANNULUS_STRIDE = 8;
/** Sigma-clipped median and spread in an annulus; one workgroup a source from `first` on; 16 bytes of keys for each quad of offsets. */
export const annulusBackground = defineKernel({
  label: "source_catalog/annulus",
  url: at("annulus"),
  constants,
  bindings: {
    params: uniform({
      nx: "u32",
      ny: "u32",
      first: "u32",
      sources: "u32",
      groups_x: "u32",
      quads: "u32",
      zero: "u32",
      inner: "f32",
      outer: "f32",
      sigma: "f32",
    }),
    data: storage("read"),
    centres: storage("read"),
    offsets: storage("read"),
    keys: storage("read_write"),
    out: storage("read_write"),
  },
});

/** Sharpness and roundness1 (vec2f a source); one thread a source, 64 a group. */
export const daofind = defineKernel({
  label: "source_catalog/daofind",
  url: at("daofind"),
  bindings: {
    params: uniform({ nx: "u32", ny: "u32", sources: "u32", size: "u32" }),
    data: storage("read"),
    pixels: storage("read"),
    weights: storage("read"),
    inside: storage("read"),
    out: storage("read_write"),
  },
});

/** 32-bit words of a `Window` of window.wgsl: centre (4 f32), bounds (4 i32), shape (4 f32), label (u32), 3 of padding. */
export const WINDOW_WORDS = 16;

const windowParams = { nx: "u32", sources: "u32", groups_x: "u32", zero: "u32" } as const;

/** Sums of v r (hi, lo) and v (hi, lo) for Kron's radius; one workgroup a source. */
export const kronRadius = defineKernel({
  label: "source_catalog/kron_radius",
  url: at("kron_radius"),
  constants,
  bindings: {
    params: uniform(windowParams),
    data: storage("read"),
    mask: storage("read"),
    segmentation: storage("read"),
    windows: storage("read"),
    out: storage("read_write"),
  },
});

/** f32 words of `out` a source: flux (hi, lo), variance (hi, lo), pixels (u32). */
export const KRON_FLUX_STRIDE = 5;

/** Elliptical apertures by exact overlap, neighbours left out; one workgroup a source. */
export const kronFlux = defineKernel({
  label: "source_catalog/kron_flux",
  url: at("kron_flux"),
  constants,
  bindings: {
    params: uniform(windowParams),
    data: storage("read"),
    err: storage("read"),
    mask: storage("read"),
    segmentation: storage("read"),
    windows: storage("read"),
    out: storage("read_write"),
  },
});

/** Radius that holds a given flux (f32 a source, NaN where none does); one workgroup a source. */
export const halfLight = defineKernel({
  label: "source_catalog/half_light",
  url: at("half_light"),
  constants,
  bindings: {
    params: uniform(windowParams),
    data: storage("read"),
    mask: storage("read"),
    segmentation: storage("read"),
    windows: storage("read"),
    out: storage("read_write"),
  },
});

/** f32 words of `out` a source: x, y from the whole centre, flux under the window, second moments xx, yy, xy, 1 where the part ended. */
export const WINDOWED_STRIDE = 7;

/** Centroid under a Gaussian window; one workgroup a source. `low`, `high`: the image within the part's pixels, end past the last. */
export const windowedCentroid = defineKernel({
  label: "source_catalog/windowed_centroid",
  url: at("windowed_centroid"),
  constants,
  bindings: {
    params: uniform({
      low: "vec2i",
      high: "vec2i",
      nx: "u32",
      ny: "u32",
      sources: "u32",
      groups_x: "u32",
      zero: "u32",
    }),
    data: storage("read"),
    mask: storage("read"),
    segmentation: storage("read"),
    windows: storage("read"),
    out: storage("read_write"),
  },
});
