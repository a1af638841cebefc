import { keyToFloat, MAX_KEY, MIN_KEY } from "./float_key.js";
import type { BinWindow } from "./ranked_bins.js";
import { MAD_STD_SCALE } from "./sigma_clip.js";
import { countBelow, countUpTo } from "./sorted.js";

const MARGIN = 1.3; // later iterations of a clip may move the centre and so a bound beyond the first one's
const BISECTIONS = 250; // from the range of f32 to an ulp of its least numbers
const EDGE_ERROR = 1e-3; // of a bin: bins are cut in f32

export type Range = readonly [number, number];

/** Filled bins in ascending order: values within [from, to], and how many values lie in the bins before. */
interface FilledBins {
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly before: Float64Array;
  readonly total: number;
}

function filledBins(
  counts: Uint32Array,
  low: (bin: number) => number,
  high: (bin: number) => number,
): FilledBins {
  let filled = 0;
  for (let bin = 0; bin < counts.length; bin++) if (counts[bin]) filled++;
  const [from, to, before] = [0, 0, 0].map(() => new Float64Array(filled));
  let [total, at] = [0, 0];
  for (let bin = 0; bin < counts.length; bin++) {
    if (!counts[bin]) continue;
    from[at] = low(bin);
    to[at] = high(bin);
    before[at++] = total;
    total += counts[bin];
  }
  return { from, to, before, total };
}

/** An interval sure to hold the median, the values at the median absolute deviation from it, and a clip's first bounds. */
function rangeOf({ from, to, before, total }: FilledBins, sigma: number): Range | undefined {
  if (!total) return undefined;
  const a = from[countUpTo(before, (total - 1) >> 1) - 1];
  const b = to[countUpTo(before, total >> 1) - 1];
  const surely = (d: number): number => {
    const [start, end] = [countBelow(from, b - d), countUpTo(to, a + d)];
    return (before[end] ?? total) - (before[start] ?? total);
  };
  let [low, high] = [0, Math.max(b - from[0], to[to.length - 1] - a)];
  for (let i = 0; i < BISECTIONS; i++) {
    const d = (low + high) / 2;
    if (surely(d) > total >> 1) high = d;
    else low = d;
  }
  const reach = MARGIN * sigma * MAD_STD_SCALE * high;
  return [a - reach, b + reach];
}

/**
 * Where a clip at `sigma` needs its values told apart, from a histogram by the leading bits of ordered keys
 * (2^(32 - shift) counts). Undefined without values.
 */
export function clipRangeOfKeys(counts: Uint32Array, shift: number, sigma: number): Range | undefined {
  const low = (bin: number): number => keyToFloat(Math.max(MIN_KEY, (bin << shift) >>> 0));
  const last = (1 << shift) - 1;
  const high = (bin: number): number => keyToFloat(Math.min(MAX_KEY, ((bin << shift) | last) >>> 0));
  return rangeOf(filledBins(counts, low, high), sigma);
}

/** The same from the histogram of a window. */
export function clipRangeOfWindow(counts: Uint32Array, window: BinWindow, sigma: number): Range | undefined {
  const width = window.sub / window.scale;
  const low = (bin: number): number =>
    bin === 0 ? keyToFloat(MIN_KEY) : window.lo + (bin - 1 - EDGE_ERROR) * width;
  const high = (bin: number): number =>
    bin === window.bins - 1 ? keyToFloat(MAX_KEY) : window.lo + (bin + EDGE_ERROR) * width;
  return rangeOf(filledBins(counts, low, high), sigma);
}
