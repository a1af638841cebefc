/** Plain twin of weightThreshold: numpy's steps on the values themselves (medians and bounds f32, standard deviation f64). */
export function weightThresholdTwin(weights: Float32Array, maskpt: number): number {
  let kept = weights.filter((w) => Number.isFinite(w) && w !== 0).sort();
  for (let iteration = 0; iteration < 5 && kept.length > 0; iteration++) {
    const n = kept.length;
    const median = Math.fround(Math.fround(kept[(n - 1) >> 1] + kept[n >> 1]) / 2);
    const mean = kept.reduce((sum, w) => sum + w, 0) / n;
    const std = Math.sqrt(kept.reduce((sum, w) => sum + (w - mean) ** 2, 0) / n);
    const reach = Math.fround(Math.fround(std) * 3);
    const low = Math.fround(median - reach);
    const high = Math.fround(median + reach);
    kept = kept.filter((w) => w >= low && w <= high);
    if (kept.length === n) break;
  }
  return (kept.reduce((sum, w) => sum + w, 0) / kept.length) * maskpt;
}
