import { floatToKey, keyToFloat } from "./float_key.js";
import type { HistogramRequest } from "./imagestats.js";
import { countUpTo } from "./sorted.js";

/** Histograms of several kinds as sums of the cells between all their bins' edges, so that a pixel is counted once for all. */
export interface BinCells {
  /** f32, ascending, of all bins; cell c has the values with c edges not above them. */
  readonly edges: Float32Array;
  /** Where the bins of each request end: the least value at or above which none is counted. */
  readonly ends: readonly number[];
  /** Bin b of request k is the cells from starts[k][b] to before starts[k][b + 1]. */
  readonly starts: readonly Uint32Array[];
}

export function cellsOf(requests: readonly HistogramRequest[]): BinCells {
  const limits = requests.map(limitsOf);
  const all = new Float32Array(limits.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of limits) {
    all.set(list, at);
    at += list.length;
  }
  all.sort();
  return {
    edges: all,
    ends: limits.map((list) => list[list.length - 1]),
    starts: limits.map((list) => Uint32Array.from(list, (edge) => countUpTo(all, edge))),
  };
}

/** Counts of a request's bins from counts of the cells. */
export function binsFrom(cells: ArrayLike<number>, starts: Uint32Array): Uint32Array {
  const bins = new Uint32Array(starts.length - 1);
  for (let b = 0; b < bins.length; b++) for (let c = starts[b]; c < starts[b + 1]; c++) bins[b] += cells[c];
  return bins;
}

/** Where each bin starts, the least f32 value that is counted in it or a later one, and where the last ends. */
function limitsOf({ min, end, scale, bins }: HistogramRequest): Float32Array {
  const limits = new Float32Array(bins + 1);
  const last = floatToKey(end);
  let low = floatToKey(min);
  limits[0] = min;
  for (let b = 1; b <= bins; b++) {
    let high = last;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (Math.fround(scale * Math.fround(keyToFloat(middle) - min)) >= b) high = middle;
      else low = middle + 1;
    }
    limits[b] = keyToFloat(low);
  }
  return limits;
}

/** Pairs (cell, edge) by buckets of the value, as skymatch/cells.wgsl looks them up. */
export interface Buckets {
  readonly lo: number;
  readonly scale: number;
  readonly words: Uint32Array;
}

export function bucketsOf(edges: Float32Array, count: number): Buckets {
  const [lo, hi] = [edges[0], edges[edges.length - 1]];
  const wanted = Math.fround(count / Math.fround(hi - lo));
  const scale = Number.isFinite(wanted) ? wanted : 0;
  const words = new Uint32Array(2 * count);
  const floats = new Float32Array(words.buffer);
  let cell = 0;
  for (let bucket = 0; bucket < count; bucket++) {
    while (cell < edges.length && bucketOf(edges[cell], lo, scale, count) < bucket) cell++;
    words[2 * bucket] = cell;
    floats[2 * bucket + 1] = cell < edges.length ? edges[cell] : Infinity;
  }
  return { lo, scale, words };
}

function bucketOf(v: number, lo: number, scale: number, count: number): number {
  const place = Math.fround(scale * Math.fround(v - lo));
  return Math.trunc(Math.min(Math.max(place, 0), count - 1));
}
