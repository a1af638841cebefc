import { keyToFloat } from "./float_key.js";

/** Where a pass put its bins: bin b holds the keys from first + b * 2^shift on. */
export interface KeyBins {
  readonly first: number;
  readonly shift: number;
}

export interface BinnedSums {
  readonly count: number;
  /** Values below the range. */
  readonly below: number;
  readonly mean: number;
  readonly std: number;
  /** Share of the variance that the width of the bins leaves open. */
  readonly open: number;
}

/** Values of which only their sums are known; `squares` about their mean. */
export interface CoreRange {
  /** Bounds that hold them all, and none of the others. */
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly mean: number;
  readonly squares: number;
}

interface Bin extends CoreRange {
  readonly index: number;
  /** What the sum of squares may be more, as the bin is that wide. */
  readonly spread: number;
}

/** The narrowest run [from, to] of bins that holds at least `need` of the values. */
export function narrowestRun(counts: ArrayLike<number>, need: number): [number, number] {
  let best: [number, number] = [0, counts.length - 1];
  let held = 0;
  for (let from = 0, to = 0; to < counts.length; to++) {
    held += counts[to];
    while (held - counts[from] >= need && from < to) held -= counts[from++];
    if (held >= need && to - from < best[1] - best[0]) best = [from, to];
  }
  return best;
}

/**
 * Many f32 values of which most are known by counts and sums over bins of their order keys, the rest one by one. Bounds and ranks
 * that fall into a bin known by its sums alone are answered by its mean, and the bin is noted in `wanted`; once the values
 * of those bins are known too, the answers are exact but for the spread of values within their bins.
 */
export class BinnedWeights {
  /** Bins whose values would make the answers so far exact. */
  readonly wanted = new Set<number>();
  private readonly bins: readonly Bin[];
  private readonly values: Float32Array;

  /**
   * @param counts values in each bin
   * @param sums of key - first key of the bin, over each bin's values
   * @param values of all that lies outside of the bins, and of the bins in `known`
   * @param core of values that no bin counts; `wanted` has them as bins beyond the last
   */
  constructor(
    { first, shift }: KeyBins,
    counts: ArrayLike<number>,
    sums: ArrayLike<number>,
    values: Float32Array,
    known: ReadonlySet<number>,
    core: readonly CoreRange[] = [],
  ) {
    const size = 2 ** shift;
    const bins: Bin[] = core
      .map((range, k) => ({ ...range, index: counts.length + k, spread: 0 }))
      .filter(({ n }) => n > 0);
    for (let index = 0; index < counts.length; index++) {
      const n = counts[index];
      if (n === 0 || known.has(index)) continue;
      const low = keyToFloat(first + index * size);
      const high = keyToFloat(first + index * size + size - 1);
      const step = size > 1 ? (high - low) / (size - 1) : 0;
      const spread = n > 1 ? (n * (high - low) ** 2) / 12 : 0;
      bins.push({ index, low, high, n, mean: low + (sums[index] / n) * step, squares: 0, spread });
    }
    this.bins = bins.sort((a, b) => a.low - b.low);
    this.values = Float32Array.from(values).sort();
  }

  /** Sums over the values within [low, high]. */
  within(low: number, high: number): BinnedSums {
    const { values } = this;
    const start = lowerBound(values, low);
    let end = start;
    while (end < values.length && values[end] <= high) end++;
    const inside = this.bins.filter((bin) => this.decide(bin, low, high));
    const below = start + this.bins.reduce((sum, bin) => sum + (this.isBelow(bin, low) ? bin.n : 0), 0);
    const count = end - start + inside.reduce((sum, { n }) => sum + n, 0);
    let sum = 0;
    for (let i = start; i < end; i++) sum += values[i];
    for (const { n, mean } of inside) sum += n * mean;
    const mean = sum / count;
    let squares = 0;
    let spread = 0;
    for (let i = start; i < end; i++) squares += (values[i] - mean) ** 2;
    for (const bin of inside) {
      squares += bin.squares + bin.n * (bin.mean - mean) ** 2;
      spread += bin.spread;
    }
    const total = squares + spread;
    return { count, below, mean, std: Math.sqrt(total / count), open: total > 0 ? spread / total : 0 };
  }

  /** The mean of the middle two of `count` values from rank `first` on, in f32. */
  median(first: number, count: number): number {
    const low = this.at(first + Math.floor((count - 1) / 2));
    const high = count % 2 ? low : this.at(first + count / 2);
    return low === high ? low : Math.fround(Math.fround(low + high) / 2);
  }

  private at(rank: number): number {
    let passed = 0;
    let next = 0;
    for (const bin of this.bins) {
      const before = lowerBound(this.values, bin.low, next);
      if (rank < passed + before) return this.values[rank - passed];
      next = before;
      if (rank < passed + before + bin.n) {
        this.wanted.add(bin.index);
        return Math.fround(bin.mean);
      }
      passed += bin.n;
    }
    return this.values[rank - passed];
  }

  private decide(bin: Bin, low: number, high: number): boolean {
    if (bin.low >= low && bin.high <= high) return true;
    if (bin.high < low || bin.low > high) return false;
    this.wanted.add(bin.index);
    return bin.mean >= low && bin.mean <= high;
  }

  private isBelow(bin: Bin, low: number): boolean {
    return bin.high < low || (bin.low < low && bin.mean < low);
  }
}

/** The first index from `from` on whose value is at least `value`. */
function lowerBound(values: Float32Array, value: number, from = 0): number {
  let [low, high] = [from, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
