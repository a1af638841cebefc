/** Cubic spline through (x, y) with not-a-knot ends, continued beyond them; as scipy's splrep with s = 0. */
export type EnergyCurve = (radius: number) => number;

/**
 * Encircled energy against radius of an aperture correction reference (romancal 1.0.1 source_catalog/_utils.py get_ee_spline).
 * RangeError for fewer than four points or radii that do not increase.
 */
export function energyCurve(radii: ArrayLike<number>, fractions: ArrayLike<number>): EnergyCurve {
  const n = radii.length;
  if (n < 4 || fractions.length !== n) throw new RangeError("an encircled energy curve needs four points");
  const h = Float64Array.from({ length: n - 1 }, (_, i) => radii[i + 1] - radii[i]);
  if (h.some((step) => !(step > 0))) throw new RangeError("encircled energy: radii must increase");
  const slope = h.map((step, i) => (fractions[i + 1] - fractions[i]) / step);
  const second = secondDerivatives(h, slope);
  return (radius) => {
    let i = 0;
    while (i < n - 2 && radius >= radii[i + 1]) i++;
    const t = radius - radii[i];
    const [a, b] = [second[i], second[i + 1]];
    const first = slope[i] - (h[i] * (2 * a + b)) / 6;
    return fractions[i] + t * (first + t * (a / 2 + (t * (b - a)) / (6 * h[i])));
  };
}

/** Second derivatives at the points: interior continuity, third derivatives equal across the second and last but one point. */
function secondDerivatives(h: Float64Array, slope: Float64Array): Float64Array {
  const n = h.length + 1;
  const m = n - 2;
  const lower = new Float64Array(m);
  const diagonal = new Float64Array(m);
  const upper = new Float64Array(m);
  const right = new Float64Array(m);
  for (let k = 0; k < m; k++) {
    lower[k] = h[k];
    diagonal[k] = 2 * (h[k] + h[k + 1]);
    upper[k] = h[k + 1];
    right[k] = 6 * (slope[k + 1] - slope[k]);
  }
  // ends: M0 = M1 + (M1 - M2) h0 / h1, and likewise at the other end
  const [first, last] = [h[0] / h[1], h[n - 2] / h[n - 3]];
  diagonal[0] += h[0] * (1 + first);
  upper[0] -= h[0] * first;
  diagonal[m - 1] += h[n - 2] * (1 + last);
  lower[m - 1] -= h[n - 2] * last;
  for (let k = 1; k < m; k++) {
    const factor = lower[k] / diagonal[k - 1];
    diagonal[k] -= factor * upper[k - 1];
    right[k] -= factor * right[k - 1];
  }
  const values = new Float64Array(n);
  for (let k = m - 1; k >= 0; k--)
    values[k + 1] = (right[k] - (k < m - 1 ? upper[k] * values[k + 2] : 0)) / diagonal[k];
  values[0] = values[1] + (values[1] - values[2]) * first;
  values[n - 1] = values[n - 2] + (values[n - 2] - values[n - 3]) * last;
  return values;
}
