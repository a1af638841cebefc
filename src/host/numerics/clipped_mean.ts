const SIGMA = 3;
const MAX_ITERATIONS = 5;
const LARGEST = 3.4028234663852886e38;

export interface ClipSums {
  readonly count: number;
  /** Values below the bounds. */
  readonly below: number;
  readonly mean: number;
  readonly std: number;
}

/** What the clipping asks of f32 values. */
export interface ClipSource {
  /** Sums over the values within [low, high]. */
  within(low: number, high: number): ClipSums | Promise<ClipSums>;
  /** The value of that rank, 0 the smallest. */
  at(rank: number): number | Promise<number>;
}

export interface Clipped {
  readonly mean: number;
  readonly medians: readonly number[];
  /** Of each iteration. */
  readonly bounds: readonly (readonly [number, number])[];
}

/**
 * The sigma-clipped mean (3 sigma about the median, at most 5 iterations, medians and bounds in float32); NaN where no value is left.
 * Source: astropy 7.2.3 SigmaClip._sigmaclip_noaxis.
 */
export async function clippedMean(values: ClipSource): Promise<Clipped> {
  let [low, high] = [-LARGEST, LARGEST];
  let sums = await values.within(low, high);
  const medians: number[] = [];
  const bounds: [number, number][] = [];
  for (let iteration = 1; iteration <= MAX_ITERATIONS && sums.count > 0; iteration++) {
    const median = await medianOf(values, sums);
    const reach = Math.fround(Math.fround(sums.std) * SIGMA);
    low = Math.max(low, Math.fround(median - reach));
    high = Math.min(high, Math.fround(median + reach));
    medians.push(median);
    bounds.push([low, high]);
    const clipped = await values.within(low, high);
    const settled = clipped.count === sums.count;
    sums = clipped;
    if (settled) break;
  }
  return { mean: sums.count > 0 ? sums.mean : NaN, medians, bounds };
}

/** The mean of the middle two, in f32. */
async function medianOf(values: ClipSource, { below, count }: ClipSums): Promise<number> {
  const low = await values.at(below + Math.floor((count - 1) / 2));
  const high = count % 2 ? low : await values.at(below + count / 2);
  return low === high ? low : Math.fround(Math.fround(low + high) / 2);
}
