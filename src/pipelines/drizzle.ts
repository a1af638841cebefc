/** Drizzle on the device: what outlier_detection and resample share. */
export {
  Accumulators,
  type AccumulatorOptions,
  finalize,
  mostRows,
  type ResampledPlanes,
} from "./drizzle/accumulators.js";
export { drizzleInto, type DrizzleFlags } from "./drizzle/gather.js";
export { checkDrizzleOptions, type DrizzleOptions, ExposureGeometry } from "./drizzle/geometry.js";
export { PackedExposure, weighPixels, type PackOptions, type Weighting } from "./drizzle/pack.js";
