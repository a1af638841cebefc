import { defineKernel, storage, texels, uniform } from "../../gpu/index.js";

/** Uniforms of the gather kernels; see params.wgsl. */
const gatherParams = uniform({
  first: "u32",
  count: "u32",
  columns: "u32",
  in_nx: "i32",
  in_ny: "i32",
  nx: "u32",
  y0: "u32",
  ny: "u32",
  one: "i32",
  unit: "f32",
  half_side: "f32",
  bit: "u32",
  amount: "f32",
  constant: "u32",
  left: "i32",
  bottom: "i32",
  pitch: "i32",
  blank: "i32",
  window: "i32",
  shape: "f32",
  scale: "f32",
  step: "u32",
  shift: "u32",
  x0: "u32",
});

const signal = { data: storage("read_write"), weight: storage("read_write"), context: storage("read_write") };
const variances = {
  rnoise_weight: storage("read_write"),
  poisson_sum: storage("read_write"),
  poisson_missing: storage("read_write"),
  exposure_time: storage("read_write"),
};
/** The fast kernels do not read the map. */
const places = { params: gatherParams, tiles: storage("read"), map: storage("read") };
const inputs = { ...places, input: storage("read") };
const inputTexels = { ...places, input: texels("read") };
const fastConstants = ["TILE"];
const generalConstants = ["TILE", "MAPPED"];
const spreadConstants = [...generalConstants, "KERNEL"];
const signalConstants = ["FIRST", "CONTEXT"];

/** Data, weight and, with CONTEXT, context of the tiles in the fast table; FIRST: nothing was added before. */
export const fastData = defineKernel({
  label: "drizzle/fast_data",
  url: new URL("./fast_data.wgsl", import.meta.url),
  bindings: { ...inputs, ...signal },
  constants: [...fastConstants, ...signalConstants],
});

/** All planes of the tiles in the fast table; exposure time where no context bit tells it. */
export const fastPlanes = defineKernel({
  label: "drizzle/fast_planes",
  url: new URL("./fast_planes.wgsl", import.meta.url),
  bindings: { ...inputTexels, ...signal, ...variances },
  constants: [...fastConstants, ...signalConstants],
});

/** Data, weight and context of the tiles in the general table. */
export const generalData = defineKernel({
  label: "drizzle/general_data",
  url: new URL("./general_data.wgsl", import.meta.url),
  bindings: { ...inputs, ...signal },
  constants: [...generalConstants, ...signalConstants],
});

/** All planes of the tiles in the general table; exposure time where no context bit tells it. */
export const generalPlanes = defineKernel({
  label: "drizzle/general_planes",
  url: new URL("./general_planes.wgsl", import.meta.url),
  bindings: { ...inputTexels, ...signal, ...variances },
  constants: [...generalConstants, ...signalConstants],
});

/** One variance and its weight. */
export const generalVariance = defineKernel({
  label: "drizzle/general_variance",
  url: new URL("./general_variance.wgsl", import.meta.url),
  bindings: {
    ...inputTexels,
    variance_sum: storage("read_write"),
    variance_weight: storage("read_write"),
  },
  constants: generalConstants,
});

/** Exposure time where some good pixel overlaps and no context bit tells. */
export const generalCoverage = defineKernel({
  label: "drizzle/general_coverage",
  url: new URL("./general_coverage.wgsl", import.meta.url),
  bindings: {
    ...inputTexels,
    context: storage("read"),
    exposure_time: storage("read_write"),
  },
  constants: generalConstants,
});

/** DQ flags of the contributing pixels, ORed. */
export const generalFlags = defineKernel({
  label: "drizzle/general_flags",
  url: new URL("./general_flags.wgsl", import.meta.url),
  bindings: { ...inputs, dq: storage("read"), out_dq: storage("read_write") },
  constants: generalConstants,
});

/** {@link generalData} for the other kernels; KERNEL: 0 point, 1 gaussian, 2 turbo, 3 lanczos. */
export const spreadData = defineKernel({
  label: "drizzle/spread_data",
  url: new URL("./spread_data.wgsl", import.meta.url),
  bindings: { ...inputs, ...signal },
  constants: [...spreadConstants, ...signalConstants],
});

/** {@link generalPlanes} for the other kernels; KERNEL: 0 point, 1 gaussian, 2 turbo, 3 lanczos. */
export const spreadPlanes = defineKernel({
  label: "drizzle/spread_planes",
  url: new URL("./spread_planes.wgsl", import.meta.url),
  bindings: { ...inputTexels, ...signal, ...variances },
  constants: [...spreadConstants, ...signalConstants],
});

/** {@link generalVariance} for the other kernels; KERNEL: 0 point, 1 gaussian, 2 turbo, 3 lanczos. */
export const spreadVariance = defineKernel({
  label: "drizzle/spread_variance",
  url: new URL("./spread_variance.wgsl", import.meta.url),
  bindings: {
    ...inputTexels,
    variance_sum: storage("read_write"),
    variance_weight: storage("read_write"),
  },
  constants: spreadConstants,
});

/** {@link generalCoverage} for the other kernels; KERNEL: 0 point, 1 gaussian, 2 turbo, 3 lanczos. */
export const spreadCoverage = defineKernel({
  label: "drizzle/spread_coverage",
  url: new URL("./spread_coverage.wgsl", import.meta.url),
  bindings: {
    ...inputTexels,
    context: storage("read"),
    exposure_time: storage("read_write"),
  },
  constants: spreadConstants,
});

/** {@link generalFlags} for the other kernels; KERNEL: 0 point, 1 gaussian, 2 turbo, 3 lanczos. */
export const spreadFlags = defineKernel({
  label: "drizzle/spread_flags",
  url: new URL("./spread_flags.wgsl", import.meta.url),
  bindings: { ...inputs, dq: storage("read"), out_dq: storage("read_write") },
  constants: spreadConstants,
});

const packing = {
  params: uniform({
    nx: "u32",
    left: "i32",
    bottom: "u32",
    pitch: "u32",
    rows: "u32",
    bad_bits: "u32",
    level: "f32",
    amount: "f32",
    median: "f32",
  }),
  data: storage("read"),
  rnoise: storage("read"),
  poisson: storage("read"),
  flat_variance: storage("read"),
  dq: storage("read"),
  spans: storage("read"),
};
const packConstants = ["WEIGHTING", "HALVES", "DERIVE", "SECOND"];

/** Weight and data of a window of an exposure, two floats a pixel. */
export const packData = defineKernel({
  label: "drizzle/pack_data",
  url: new URL("./pack_data.wgsl", import.meta.url),
  bindings: { ...packing, input: storage("read_write") },
  constants: packConstants,
});

/** Weight, data and the roots of two variances of a window of an exposure, a texel a pixel. */
export const packPlanes = defineKernel({
  label: "drizzle/pack_planes",
  url: new URL("./pack_planes.wgsl", import.meta.url),
  bindings: { ...packing, input: texels("write") },
  constants: packConstants,
});

/** Adds the exposure times of the bits of one context plane. */
export const addTimes = defineKernel({
  label: "drizzle/add_times",
  url: new URL("./add_times.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", first: "u32" }),
    times: storage("read"),
    context: storage("read"),
    exposure_time: storage("read_write"),
  },
});

/** The fill value where nothing contributed. */
export const fill = defineKernel({
  label: "drizzle/fill",
  url: new URL("./fill.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", fill: "u32" }),
    data: storage("read_write"),
    weight: storage("read"),
  },
});

/** Sums of variances into variances and error, in place. */
export const finishVariances = defineKernel({
  label: "drizzle/variances",
  url: new URL("./variances.wgsl", import.meta.url),
  bindings: {
    params: uniform({
      count: "u32",
      scaling: "f32",
      with_flat: "u32",
      rnoise_summed: "u32",
    }),
    rnoise_sum: storage("read"),
    rnoise_weight: storage("read_write"),
    poisson_sum: storage("read_write"),
    poisson_missing: storage("read_write"),
    flat_sum: storage("read_write"),
    flat_weight: storage("read"),
  },
});
