import type { Columns } from "./transform.js";

export type Matrix2 = readonly [readonly [number, number], readonly [number, number]];

/** Row-major, 9 elements. */
export type Matrix3 = Float64Array;

/**
 * a b + c rounded once, as the fused multiply-add of numpy's BLAS: its matrix products, and with them astropy's rotations and affine
 * transforms, sum fma(m2, z, fma(m1, y, m0 x)). Exact product and sum by Dekker and Knuth; the last addition may round twice in one of
 * some 1e16 cases. For magnitudes between 1e-140 and 1e140.
 */
function fma(a: number, b: number, c: number): number {
  const p = a * b;
  const sum = p + c;
  if (!Number.isFinite(sum)) return sum;
  const ca = SPLIT * a;
  const ah = ca - (ca - a);
  const al = a - ah;
  const cb = SPLIT * b;
  const bh = cb - (cb - b);
  const bl = b - bh;
  const productError = al * bl - (p - ah * bh - al * bh - ah * bl);
  const back = sum - p;
  const sumError = p - (sum - back) + (c - back);
  return sum + (productError + sumError);
}

const SPLIT = 2 ** 27 + 1;

/** Matrix times column vectors. */
export function apply3(m: Matrix3, [x, y, z]: Columns, [u, v, w]: Columns, n: number): void {
  const [a, b, c, d, e, f, g, h, k] = m;
  for (let i = 0; i < n; i++) {
    u[i] = fma(c, z[i], fma(b, y[i], a * x[i]));
    v[i] = fma(f, z[i], fma(e, y[i], d * x[i]));
    w[i] = fma(k, z[i], fma(h, y[i], g * x[i]));
  }
}

/** ((a, b), (c, d)) times column vectors plus (tu, tv). */
export function apply2(
  [[a, b], [c, d]]: Matrix2,
  [tu, tv]: readonly [number, number],
  [x, y]: Columns,
  [u, v]: Columns,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    u[i] = fma(b, y[i], a * x[i]) + tu;
    v[i] = fma(d, y[i], c * x[i]) + tv;
  }
}

export function multiply3(p: Matrix3, q: Matrix3): Matrix3 {
  const out = new Float64Array(9);
  for (let r = 0; r < 3; r++)
    for (let c = 0; c < 3; c++)
      out[r * 3 + c] = fma(p[r * 3 + 2], q[6 + c], fma(p[r * 3 + 1], q[3 + c], p[r * 3] * q[c]));
  return out;
}
