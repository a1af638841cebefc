import type { RankedBins } from "./ranked_bins.js";

/** Scales a median absolute deviation to a standard deviation: 1 / scipy.stats.norm.ppf(0.75), as astropy writes it. */
export const MAD_STD_SCALE = 1.482602218505602;

export interface ClipResult {
  /** Bounds that survivors lie within, both included. */
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly median: number;
}

/**
 * Sigma clipping about the median with the scaled median absolute deviation, as astropy.stats.SigmaClip(stdfunc="mad_std")
 * and photutils 3.1.1 aperture/_batch_stats: each iteration clips what the last one left, and the last bounds are then
 * applied to all values. Undefined where there are no values or none survives.
 */
export function sigmaClip(values: RankedBins, sigma: number, maxiters: number): ClipResult | undefined {
  let [first, last] = [0, values.total];
  let [lower, upper] = [NaN, NaN];
  for (let i = 0, changed = 1; i < maxiters && changed > 0; i++) {
    if (last === first) return undefined;
    const centre = values.median(first, last);
    const std = values.medianDeviation(first, last, centre) * MAD_STD_SCALE;
    lower = centre - std * sigma;
    upper = centre + std * sigma;
    const newFirst = Math.max(first, values.countBelow(lower, false));
    const newLast = Math.max(newFirst, Math.min(last, values.countBelow(upper, true)));
    changed = last - first - (newLast - newFirst);
    [first, last] = [newFirst, newLast];
  }
  first = values.countBelow(lower, false);
  last = values.countBelow(upper, true);
  if (last <= first) return undefined;
  return { lower, upper, count: last - first, median: values.median(first, last) };
}
