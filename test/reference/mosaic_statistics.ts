import type { MosaicStatistics } from "../../src/pipelines/mosaic_statistics.js";

/** np.mean(values[values > 0], dtype="f8") and np.max(values). */
export function meanAndMaxTwin(values: Float32Array): { mean: number; max: number } {
  const above = [...values].filter((x) => x > 0);
  if (above.length === 0) return { mean: 0, max: 0 };
  return { mean: above.reduce((sum, x) => sum + x, 0) / above.length, max: Math.max(...above) };
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const n = sorted.length;
  return Math.fround(Math.fround(sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2);
}

/** romancal 1.0.1 lib/statistics.py: np.median and astropy's mad_std of float32 pixels. */
export function statisticsTwin(data: Float32Array, err: Float32Array): MosaicStatistics {
  const good = [...data].filter((x, i) => Number.isFinite(x) && err[i] > 0);
  const centre = median([...good]);
  const deviations = good.map((x) => Math.abs(Math.fround(x - centre)));
  return {
    image_median: centre,
    image_rms: Math.fround(median(deviations) * 1.482602218505602),
    good_pixel_fraction: good.length / data.length,
  };
}
