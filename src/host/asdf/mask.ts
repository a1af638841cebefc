import { product } from "./datatype.js";
import type { Nested } from "./decode.js";
import { NdArray } from "./ndarray.js";
import { Complex } from "./types.js";

/** 1 where an array's values are missing, in its shape; undefined without a mask. */
export async function maskOf(array: NdArray): Promise<Uint8Array | undefined> {
  const { mask, shape } = array;
  if (mask === undefined || mask === null) return undefined;
  if (mask instanceof NdArray) return broadcast((await mask.readNumbers()).map(Number), mask.shape, shape);
  const list = flatten(await array.toList({ masked: false }));
  return Uint8Array.from(list, (value) => (equals(value, mask) ? 1 : 0));
}

function flatten(list: Nested): Nested[] {
  return Array.isArray(list) ? list.flatMap(flatten) : [list];
}

function equals(value: Nested, mask: unknown): boolean {
  if (value instanceof Complex) {
    const other = mask instanceof Complex ? mask : new Complex(Number(mask), 0);
    return value.re === other.re && value.im === other.im;
  }
  // NaN marks NaN.
  if (typeof mask === "number" && Number.isNaN(mask)) return typeof value === "number" && Number.isNaN(value);
  return value === mask;
}

function broadcast(mask: Float64Array, from: readonly number[], to: readonly number[]): Uint8Array {
  const out = new Uint8Array(product(to));
  const skip = to.length - from.length;
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    let at = 0;
    let step = 1;
    for (let d = to.length - 1; d >= 0; d--) {
      const coordinate = rest % to[d];
      rest = (rest - coordinate) / to[d];
      const extent = d >= skip ? from[d - skip] : 1;
      if (d >= skip) {
        at += (extent === 1 ? 0 : coordinate) * step;
        step *= extent;
      }
    }
    out[i] = mask[at] ? 1 : 0;
  }
  return out;
}
