import { keyToFloat } from "./float_key.js";

/**
 * Order statistics of many f32 values from histograms of them, made elsewhere. Bins are monotone in the value: a window
 * [lo, lo + (bins - 2) * sub / scale) is cut into `bins - 2` bins of `sub` parts each; bin 0 lies below it, the last above.
 * A query that falls into a bin known by its count alone answers by interpolation and notes the bin in `wanted`; once
 * those bins are refined, the same query is exact.
 */
export interface BinWindow {
  /** f32 number. */
  readonly lo: number;
  /** Parts a unit, f32 number. */
  readonly scale: number;
  readonly bins: number;
  readonly sub: number;
}

const MIN_WIDTH = 1e-25; // keeps scale finite in f32
const MIN_RELATIVE_WIDTH = 2 ** -20; // a narrower window would hold a few f32 numbers only

/** The window that covers [from, to], both ends inside. */
export function binWindow([from, to]: readonly [number, number], bins: number, sub: number): BinWindow {
  const widest = Math.max(Math.abs(from), Math.abs(to));
  const slack = Math.max(MIN_WIDTH, widest * MIN_RELATIVE_WIDTH, (to - from) * 1e-3);
  const lo = Math.fround(from - slack);
  return { lo, scale: Math.fround(((bins - 2) * sub) / (to + slack - lo)), bins, sub };
}

/** The part of `x` in f32 arithmetic: bin * sub + part. */
export function partOf(x: number, { lo, scale, bins, sub }: BinWindow): number {
  const f = Math.fround(x);
  if (f < lo) return 0;
  return sub + Math.floor(Math.min(Math.fround(Math.fround(f - lo) * scale), (bins - 2) * sub));
}

/** Values of one bin, ascending, with how many there are of each. */
export interface BinValues {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

/** Asked for a rank or a value outside of the window. */
export class OutsideWindowError extends Error {
  override readonly name = "OutsideWindowError";
}

export class RankedBins {
  readonly total: number;
  /** Bins whose counts alone were not enough for the queries so far. */
  readonly wanted = new Set<number>();
  private readonly before: Float64Array;
  private readonly refined = new Map<number, BinValues>();

  constructor(
    readonly counts: Uint32Array,
    readonly window: BinWindow,
  ) {
    this.before = new Float64Array(window.bins + 1);
    for (let i = 0; i < window.bins; i++) this.before[i + 1] = this.before[i] + counts[i];
    this.total = this.before[window.bins];
  }

  /** The wanted bins and those beside them, which the exact answers may lead to, as far as not refined yet. */
  toRefine(): number[] {
    const near = [...this.wanted].flatMap((bin) => [bin - 1, bin, bin + 1]);
    const inside = (bin: number): boolean => bin > 0 && bin < this.window.bins - 1;
    return [...new Set(near)].filter((bin) => inside(bin) && this.counts[bin] > 0 && !this.refined.has(bin));
  }

  refine(bin: number, values: BinValues): void {
    this.refined.set(bin, values);
    this.wanted.delete(bin);
  }

  /** The value of rank k, 0 the least. */
  kth(k: number): number {
    const bin = this.binOfRank(k);
    const inside = this.valuesOf(bin);
    let rank = k - this.before[bin];
    if (!inside) return this.edge(bin) + ((rank + 0.5) / this.counts[bin]) * this.width;
    for (let i = 0; i < inside.values.length; i++) {
      if (rank < inside.counts[i]) return inside.values[i];
      rank -= inside.counts[i];
    }
    throw new RangeError(`bin ${bin} holds fewer values than counted`);
  }

  /** How many values are less than v, or (`orEqual`) not greater. */
  countBelow(v: number, orEqual: boolean): number {
    const bin = this.binOfValue(v);
    if (this.counts[bin] === 0) return this.before[bin];
    const inside = this.valuesOf(bin);
    if (!inside) return this.before[bin] + Math.round(this.counts[bin] * this.fraction(bin, v));
    let count = this.before[bin];
    inside.values.forEach((x, i) => {
      if (x < v || (orEqual && x === v)) count += inside.counts[i];
    });
    return count;
  }

  /** As numpy's median, of the values of ranks first to last - 1. */
  median(first: number, last: number): number {
    const n = last - first;
    const upper = this.kth(first + (n >> 1));
    return n % 2 ? upper : 0.5 * (this.kth(first + (n >> 1) - 1) + upper);
  }

  /** Median of |x - m| over the values of ranks first to last - 1. */
  medianDeviation(first: number, last: number, m: number): number {
    const n = last - first;
    const guess = this.deviationGuess(first, last, m, n / 2);
    for (let margin = 1; ; margin *= 2) {
      const found = this.deviationNear(first, last, m, guess, margin);
      if (found !== undefined) return found;
      if (margin > this.window.bins) return guess;
    }
  }

  /** The distance from m within which about `count` values lie, from interpolated counts. */
  private deviationGuess(first: number, last: number, m: number, count: number): number {
    const at = (v: number): number => Math.min(last, Math.max(first, this.smoothCount(v)));
    let [low, high] = [0, Math.max(m - this.edge(1), this.edge(this.window.bins - 1) - m)];
    for (let i = 0; i < 60; i++) {
      const d = (low + high) / 2;
      if (at(m + d) - at(m - d) < count) low = d;
      else high = d;
    }
    return (low + high) / 2;
  }

  /** The exact answer if it lies within `margin` bins of m - guess and m + guess; undefined if not; `guess` if bins are wanted. */
  private deviationNear(
    first: number,
    last: number,
    m: number,
    guess: number,
    margin: number,
  ): number | undefined {
    const clamp = (bin: number): number => Math.min(this.window.bins - 2, Math.max(1, bin));
    const [below, above] = [this.binNear(m - guess), this.binNear(m + guess)];
    const left: [number, number] = [clamp(below - margin), clamp(below + margin)];
    const right: [number, number] = [clamp(above - margin), clamp(above + margin)];
    const joined = left[1] >= right[0] - 1;
    if (joined) left[1] = right[1];
    const zones = joined ? [left] : [left, right];
    const near: { distance: number; count: number }[] = [];
    if (!zones.map((zone) => this.gather(zone, first, last, m, near)).every(Boolean)) return guess;
    near.sort((a, b) => a.distance - b.distance);
    const inner = joined ? 0 : this.ranksWithin(this.before[left[1] + 1], this.before[right[0]], first, last);
    const n = last - first;
    const answers = [pick(near, ((n - 1) >> 1) - inner), pick(near, (n >> 1) - inner)];
    const least = joined ? 0 : Math.max(m - this.edge(left[1] + 1), this.edge(right[0]) - m, 0);
    const most = Math.min(
      left[0] <= 1 ? Infinity : m - this.edge(left[0]),
      right[1] >= this.window.bins - 2 ? Infinity : this.edge(right[1] + 1) - m,
    );
    const edgeError = 0.01 * this.width; // bins are cut in f32, edges are not
    const good = answers.every(
      (d) => d !== undefined && (d >= least + edgeError || joined) && d <= most - edgeError,
    );
    return good ? 0.5 * (answers[0]! + answers[1]!) : undefined;
  }

  /** Add the values of a zone of bins and their distances from m; false if some bin's values are not known. */
  private gather(
    zone: readonly [number, number],
    first: number,
    last: number,
    m: number,
    into: { distance: number; count: number }[],
  ): boolean {
    let known = true;
    for (let bin = zone[0]; bin <= zone[1]; bin++) {
      if (this.ranksWithin(this.before[bin], this.before[bin + 1], first, last) === 0) continue;
      const inside = this.valuesOf(bin);
      known &&= inside !== undefined;
      let rank = this.before[bin];
      inside?.values.forEach((x, i) => {
        const count = this.ranksWithin(rank, rank + inside.counts[i], first, last);
        if (count) into.push({ distance: Math.abs(x - m), count });
        rank += inside.counts[i];
      });
    }
    return known;
  }

  private ranksWithin(from: number, to: number, first: number, last: number): number {
    return Math.max(0, Math.min(to, last) - Math.max(from, first));
  }

  private valuesOf(bin: number): BinValues | undefined {
    const inside = this.refined.get(bin);
    if (!inside) {
      if (bin === 0 || bin === this.window.bins - 1) throw new OutsideWindowError();
      this.wanted.add(bin);
    }
    return inside;
  }

  private binOfRank(k: number): number {
    let [low, high] = [0, this.window.bins];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.before[middle] <= k) low = middle;
      else high = middle;
    }
    return low;
  }

  private binOfValue(v: number): number {
    return Math.floor(partOf(v, this.window) / this.window.sub);
  }

  private binNear(v: number): number {
    return Math.min(this.window.bins - 2, Math.max(1, this.binOfValue(v)));
  }

  private smoothCount(v: number): number {
    const bin = this.binOfValue(v);
    if (bin === 0 || bin === this.window.bins - 1) return bin === 0 ? this.before[1] : this.before[bin];
    return this.before[bin] + this.counts[bin] * this.fraction(bin, v);
  }

  private fraction(bin: number, v: number): number {
    return Math.min(1, Math.max(0, (v - this.edge(bin)) / this.width));
  }

  private edge(bin: number): number {
    return this.window.lo + (bin - 1) * this.width;
  }

  private get width(): number {
    return this.window.sub / this.window.scale;
  }
}

/** The distance of rank k among sorted distances with multiplicities. */
function pick(sorted: readonly { distance: number; count: number }[], k: number): number | undefined {
  if (k < 0) return undefined;
  for (const { distance, count } of sorted) {
    if (k < count) return distance;
    k -= count;
  }
  return undefined;
}

/** Words a part: its count, the complement of its least ordered key, the greatest key, the sum of keys modulo 2^32. */
export const PART_WORDS = 4;

/**
 * Values of a bin from its parts (see PART_WORDS). Exact for parts of up to three values or of equal ones; of more, those
 * between the extremes are set halfway.
 */
export function partsToValues(parts: Uint32Array): BinValues {
  const [values, counts]: [number[], number[]] = [[], []];
  const add = (value: number, count: number): void => {
    values.push(value);
    counts.push(count);
  };
  for (let i = 0; i < parts.length; i += PART_WORDS) {
    const [count, complement, greatest, sum] = parts.subarray(i, i + PART_WORDS);
    if (!count) continue;
    const least = ~complement >>> 0;
    const [low, high] = [keyToFloat(least), keyToFloat(greatest)];
    if (least === greatest) add(low, count);
    else {
      add(low, 1);
      if (count === 3) add(keyToFloat((sum - least - greatest) >>> 0), 1);
      else if (count > 3) add(0.5 * (low + high), count - 2);
      add(high, 1);
    }
  }
  return { values, counts };
}
