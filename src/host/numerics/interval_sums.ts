import type { Clipped, ClipSums } from "./clipped_mean.js";
import { sortFloats } from "./sort_floats.js";
import { countBelow, countUpTo } from "./sorted.js";

/** f32 numbers between which values are summed, neither of them included. */
export type Interval = readonly [lo: number, hi: number];

/** Sums over an interval's values, of d = value - centre and d * d. */
export interface Sums {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

const LARGEST = 3.4028234663852886e38;
/** How far a rank may be from where a sample has it, in sqrt(values sampled): three deviations if they are alike by fours. */
const RANK_MARGIN = 3;
/** How far a bound may be from where a sample has it, in deviations / sqrt(values sampled): four times what such a bound errs by then. */
const BOUND_MARGIN = 30;

/**
 * Many f32 values, those within some intervals known by their sums, the others one by one. What cannot be answered exactly by
 * these, as bounds or a rank lie within an interval, is undefined.
 */
export class SumsAndValues {
  /**
   * @param intervals ascending, and `sums` over each
   * @param values all others; sorted in place, so that answers don't depend on the order they came in
   */
  constructor(
    private readonly intervals: readonly Interval[],
    private readonly sums: readonly Sums[],
    private readonly centre: number,
    private readonly values: Float32Array,
  ) {
    sortFloats(values);
  }

  /** Sums over the values within [low, high]. */
  within(low: number, high: number): ClipSums | undefined {
    const { values, centre } = this;
    const [start, end] = [countBelow(values, low), countUpTo(values, high)];
    let [count, below, sum, squares] = [Math.max(0, end - start), start, 0, 0];
    for (let i = start; i < end; i++) {
      const d = values[i] - centre;
      sum += d;
      squares += d * d;
    }
    for (const [k, [lo, hi]] of this.intervals.entries()) {
      const inside = this.sums[k];
      if (inside.count === 0 || lo >= high) continue;
      if (hi <= low) below += inside.count;
      else if (lo < low || hi > high) return undefined;
      else {
        count += inside.count;
        sum += inside.sum;
        squares += inside.squares;
      }
    }
    return { ...meanAndStd({ count, sum, squares }, centre), count, below };
  }

  /** The value of that rank, 0 the smallest. */
  at(rank: number): number | undefined {
    const { values } = this;
    let passed = 0;
    for (const [k, [lo]] of this.intervals.entries()) {
      const { count } = this.sums[k];
      if (count === 0) continue;
      const before = passed + countUpTo(values, lo);
      if (rank < before) break;
      if (rank < before + count) return undefined;
      passed += count;
    }
    return values[rank - passed];
  }
}

export function meanAndStd({ count, sum, squares }: Sums, centre: number): { mean: number; std: number } {
  const shift = sum / count;
  return { mean: centre + shift, std: Math.sqrt(Math.max(0, squares / count - shift * shift)) };
}

/**
 * At most `most` intervals between the values that a clipping may turn on, as a sample (ascending) says, and how many of the
 * sample's values are in none.
 */
export function intervalsAround(
  sample: Float32Array,
  { medians, bounds }: Clipped,
  most: number,
): { readonly intervals: readonly Interval[]; readonly outside: number } {
  const margin = Math.ceil(RANK_MARGIN * Math.sqrt(sample.length));
  const last = sample.length - 1;
  const [low, high] = bounds[bounds.length - 1];
  const reach = (BOUND_MARGIN * (high - low)) / (6 * Math.sqrt(sample.length));
  const open: Interval[] = [
    ...medians.map((median): Interval => {
      const [from, to] = [countBelow(sample, median) - margin, countUpTo(sample, median) + margin];
      return [sample[Math.max(0, from)], sample[Math.min(last, to)]];
    }),
    ...bounds.flat().map((x): Interval => [Math.fround(x - reach), Math.fround(x + reach)]),
    [LARGEST, LARGEST],
  ];
  open.sort((a, b) => a[0] - b[0]);
  const found: Interval[] = [];
  let reached = -LARGEST;
  for (const [lo, hi] of open) {
    if (lo > reached) found.push([reached, lo]);
    reached = Math.max(reached, hi);
  }
  const held = ([lo, hi]: Interval): number => Math.max(0, countBelow(sample, hi) - countUpTo(sample, lo));
  const fullest = new Set([...found].sort((a, b) => held(b) - held(a)).slice(0, most));
  const intervals = found.filter((interval) => fullest.has(interval));
  const inside = intervals.reduce((sum, interval) => sum + held(interval), 0);
  return { intervals, outside: sample.length - inside };
}
