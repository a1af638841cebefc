import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Rows of a column that one thread of these kernels handles, and that one word of `masks` answers for. */
export const RUN_ROWS = 16;

/** Pixels in a row of `blotted` and `masks`: whole quads. */
export function paddedWidth(nx: number): number {
  return 4 * Math.ceil(nx / 4);
}

/** An exposure's view of (a band of) the median image within its spans; bilinear, by drizzle's rules. A thread for each quad of 16 rows. */
export const blot = defineKernel({
  label: "outlier_detection/blot",
  url: new URL("./blot.wgsl", import.meta.url),
  bindings: {
    params: uniform({
      size: "vec2u",
      median_size: "vec2u",
      held: "vec4u",
      band: "vec2u",
      tiles: "vec2u",
      inside: "vec4i",
      step: "vec2f",
      fill: "f32",
      first: "u32",
    }),
    tiles: storage("read"),
    median: storage("read"),
    spans: storage("read"),
    blotted: storage("read_write"),
  },
  constants: ["ALIGNED"],
});

/** Words [ceil(ny / 16)][padded nx]: which pixels are beyond the two thresholds, within the spans; cleared by the caller. */
export const threshold = defineKernel({
  label: "outlier_detection/threshold",
  url: new URL("./threshold.wgsl", import.meta.url),
  bindings: {
    params: uniform({
      size: "vec2u",
      half: "u32",
      background: "f32",
      snr: "vec2f",
      scale: "vec2f",
      least: "f32",
    }),
    data: storage("read"),
    err: storage("read"),
    blotted: storage("read"),
    spans: storage("read"),
    masks: storage("read_write"),
  },
  constants: ["ALIGNED"],
});

/** Factors of the thresholds as the kernel takes them. */
export function thresholdFactors(snr: readonly [number, number], scale: readonly [number, number]) {
  // rounding of factor and product to float16 takes 2^-10 of it at most, of factors that are normal ones
  const least = Math.min(...snr) > 0.001 && Math.min(...scale) >= 0 ? 0.998 * Math.min(...snr) : 0;
  return { snr, scale, least };
}

/** Sets `flags` in dq where a pixel is an outlier, and adds up how many in counts[counter]. */
export const flagOutliers = defineKernel({
  label: "outlier_detection/flag",
  url: new URL("./flag.wgsl", import.meta.url),
  bindings: {
    params: uniform({ size: "vec2u", counter: "u32", flags: "u32" }),
    masks: storage("read"),
    dq: storage("read_write"),
    counts: storage("read_write"),
  },
});
