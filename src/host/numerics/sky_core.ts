import { sortFloats } from "./sort_floats.js";
import type { Moments, MomentsRequest, StatRun } from "./imagestats.js";
import { countBelow, countUpTo } from "./sorted.js";

/** Limits of a set's core, f32 values, and what its sums are taken about; lo > hi: no pixel is in it. */
export interface CoreLimits {
  readonly lo: number;
  readonly hi: number;
  readonly pivot: number;
}

export const NO_CORE: CoreLimits = { lo: 1, hi: -1, pivot: 0 };

/** What the limits found from a sample are drawn in by, of their distance: ten times a sample of 65536's error at 4 sigma. */
const MARGIN = 1 / 32;

/**
 * A set of pixels as sums over its core and a list of all others, from which the moments within any limits about the core
 * follow: each round of clipping takes some of the list and all of the core.
 */
export class CoreAndRest {
  /** @param rest is sorted in place, so that sums don't depend on the order it came in */
  constructor(
    private readonly limits: CoreLimits,
    private readonly core: Moments,
    private readonly rest: Float32Array,
  ) {
    sortFloats(rest);
  }

  /** The sums asked for; undefined where the limits cut through the core, or its mean is two deviations from its pivot. */
  moments({ lo, hi, pivot }: MomentsRequest): Moments | undefined {
    const { core, rest } = this;
    const cut = lo > this.limits.lo || hi < this.limits.hi;
    const distant = core.sum ** 2 > 4 * (core.squares * core.count - core.sum ** 2);
    if (core.count > 0 && (cut || distant)) return undefined;
    const away = this.limits.pivot - pivot;
    let { count, min, max } = core;
    let sum = core.sum + count * away;
    let squares = core.squares + away * (2 * core.sum + count * away);
    const [start, end] = [countBelow(rest, lo), countUpTo(rest, hi)];
    for (let i = start; i < end; i++) {
      const d = rest[i] - pivot;
      sum += d;
      squares += d * d;
    }
    if (end > start) {
      count += end - start;
      min = Math.min(min, rest[start]);
      max = Math.max(max, rest[end - 1]);
    }
    return { count, sum, squares, min, max, first: core.first };
  }
}

/** Limits that the statistic's clipping of a like set will hardly cut, from a sample of it; undefined where it says nothing. */
export function coreFrom<T>(sample: Float32Array, statistic: StatRun<T>): CoreLimits | undefined {
  const pixels = new CoreAndRest(NO_CORE, NO_MOMENTS, sample);
  let [lo, hi, pivot] = [-Infinity, Infinity, NaN];
  let state = statistic.next();
  while (!state.done && state.value.kind === "moments") {
    const request = state.value;
    const found = pixels.moments(request)!; // no core, nothing to cut
    [lo, hi] = [Math.max(lo, request.lo), Math.min(hi, request.hi)];
    pivot = Math.fround(request.pivot + found.sum / found.count);
    state = statistic.next(found);
  }
  const margin = MARGIN * (hi - lo);
  const limits = { lo: Math.fround(lo + margin), hi: Math.fround(hi - margin), pivot };
  return limits.lo < limits.hi && Number.isFinite(pivot) ? limits : undefined;
}

const NO_MOMENTS: Moments = { count: 0, sum: 0, squares: 0, min: Infinity, max: -Infinity, first: NaN };
