import { halfToNumber } from "../../src/host/asdf/index.js";

/** Values of a plane: Uint16Array holds halves as raw bits. */
export function floatsOfHalves(plane: Float32Array | Uint16Array): Float32Array {
  return plane instanceof Uint16Array ? Float32Array.from(plane, halfToNumber) : plane;
}
