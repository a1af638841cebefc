import { floatToKey, keyToFloat } from "./float_key.js";
import type { HistogramRequest } from "./imagestats.js";
import { countUpTo } from "./sorted.js";

/** Histograms of several kinds as sums of the cells between all their bins' edges, so that a pixel is counted once for all. */
export interface BinCells {
  /** Edges of all bins; cell c has the values with c edges not above them. */
  readonly edges: number;
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
    edges: all.length,
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
