import { floatsToHalves, halvesToFloats, roundToHalf } from "../../src/host/numerics/half.js";

/** shaders/flux/scale.wgsl: numpy's `plane *= factor` for a Python float, in the plane's own type. */
export function scaled<T extends Float32Array | Uint16Array>(plane: T, factor: number): T {
  if (plane instanceof Float32Array) return plane.map((v) => v * Math.fround(factor)) as T;
  return floatsToHalves(halvesToFloats(plane).map((v) => v * roundToHalf(factor))) as T;
}
