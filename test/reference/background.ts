/** Plain f64 twins of the background kernels and of the statistics around them. */

const MAD_STD_SCALE = 1.482602218505602;

export function coverageMask(data: Float32Array, err: Float32Array): boolean[] {
  return Array.from(data, (value, i) => !Number.isFinite(value) || !Number.isFinite(err[i]) || err[i] <= 0);
}

/** As numpy's median; values ascending. */
export function median(sorted: ArrayLike<number>, first = 0, last = sorted.length): number {
  const n = last - first;
  const upper = sorted[first + (n >> 1)];
  return n % 2 ? upper : 0.5 * (sorted[first + (n >> 1) - 1] + upper);
}

export interface Statistics {
  median: number;
  std: number;
  count: number;
}

/** Sigma clip by the scaled median absolute deviation, then median and population standard deviation. */
export function clippedStatistics(values: ArrayLike<number>, sigma = 3, maxiters = 5): Statistics {
  const sorted = Float64Array.from(values).sort();
  let [first, last] = [0, sorted.length];
  let [lower, upper] = [-Infinity, Infinity];
  for (let i = 0, changed = 1; i < maxiters && changed > 0 && last > first; i++) {
    const centre = median(sorted, first, last);
    const deviations = sorted.slice(first, last).map((x) => Math.abs(x - centre));
    const std = median(deviations.sort()) * MAD_STD_SCALE;
    lower = centre - std * sigma;
    upper = centre + std * sigma;
    const before = last - first;
    while (first < last && sorted[first] < lower) first++;
    while (last > first && sorted[last - 1] > upper) last--;
    changed = before - (last - first);
  }
  const kept = sorted.filter((x) => x >= lower && x <= upper);
  const mean = kept.reduce((a, b) => a + b, 0) / kept.length;
  const variance = kept.reduce((a, b) => a + (b - mean) ** 2, 0) / kept.length;
  return { median: median(kept), std: Math.sqrt(variance), count: kept.length };
}

/** Statistics of the unmasked pixels of each box, row-major; boxes at the right and top may be cut off. */
export function boxStatistics(
  data: Float32Array,
  mask: readonly boolean[],
  nx: number,
  ny: number,
  boxWidth: number,
  boxHeight: number,
): Statistics[] {
  const result: Statistics[] = [];
  for (let y0 = 0; y0 < ny; y0 += boxHeight)
    for (let x0 = 0; x0 < nx; x0 += boxWidth) {
      const values: number[] = [];
      for (let y = y0; y < Math.min(ny, y0 + boxHeight); y++)
        for (let x = x0; x < Math.min(nx, x0 + boxWidth); x++)
          if (!mask[y * nx + x]) values.push(data[y * nx + x]);
      result.push(values.length ? clippedStatistics(values) : { median: NaN, std: NaN, count: 0 });
    }
  return result;
}

/** The cubic B-spline about box centres, from its coefficients on the mesh, at a pixel; reflected about the outer edges. */
export function meshValue(
  coefficients: ArrayLike<number>,
  [meshNx, meshNy]: readonly [number, number],
  [boxWidth, boxHeight]: readonly [number, number],
  x: number,
  y: number,
): number {
  const basis = (t: number): number => {
    const a = Math.abs(t);
    return a < 1 ? 2 / 3 - a * a + (a * a * a) / 2 : a < 2 ? (2 - a) ** 3 / 6 : 0;
  };
  const reflect = (i: number, n: number): number => {
    const m = ((i % (2 * n)) + 2 * n) % (2 * n);
    return m < n ? m : 2 * n - 1 - m;
  };
  const [u, v] = [(x + 0.5) / boxWidth - 0.5, (y + 0.5) / boxHeight - 0.5];
  let sum = 0;
  for (let j = Math.floor(v) - 1; j <= Math.floor(v) + 2; j++)
    for (let i = Math.floor(u) - 1; i <= Math.floor(u) + 2; i++)
      sum += basis(v - j) * basis(u - i) * coefficients[reflect(j, meshNy) * meshNx + reflect(i, meshNx)];
  return sum;
}
