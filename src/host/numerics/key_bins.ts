import { MAD_STD_SCALE } from "./sigma_clip.js";

const view = new DataView(new ArrayBuffer(4));

/** The f32 number of an ordered key: bits with the sign flipped for positive numbers, all bits flipped for negative ones. */
export function keyToFloat(key: number): number {
  view.setUint32(0, key & 0x80000000 ? (key ^ 0x80000000) >>> 0 : ~key >>> 0);
  return view.getFloat32(0);
}

/** The ordered key of an f32 number: unsigned keys compare as the numbers do. */
export function floatToKey(x: number): number {
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  return bits & 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}

const MARGIN = 1.3; // later iterations of a clip may move the centre and so a bound beyond the first one's

/**
 * From a histogram of f32 values by the leading bits of their ordered keys: an interval that is sure to hold the median, the
 * values at the median absolute deviation from it, and the first bounds of a clip at `sigma`. Undefined without values.
 */
export function clipRange(counts: Uint32Array, shift: number, sigma: number): [number, number] | undefined {
  const used: { from: number; to: number; before: number }[] = [];
  let total = 0;
  counts.forEach((count, i) => {
    if (!count) return;
    const [first, last] = [(i << shift) >>> 0, ((i << shift) | ((1 << shift) - 1)) >>> 0];
    used.push({ from: keyToFloat(first), to: keyToFloat(last), before: total });
    total += count;
  });
  if (!total) return undefined;
  const middle = used.findLast(({ before }) => before <= (total - 1) >> 1)!;
  const upper = used.findLast(({ before }) => before <= total >> 1)!;
  const [a, b] = [middle.from, upper.to];
  const largest = Math.max(b - used[0].from, used.at(-1)!.to - a);
  const surely = (d: number): number => {
    const start = used.find(({ from }) => from >= b - d)?.before ?? total;
    const end = used.find(({ to }) => to > a + d)?.before ?? total;
    return Math.max(0, end - start);
  };
  let [low, high] = [0, largest];
  for (let i = 0; i < 50; i++) {
    const d = (low + high) / 2;
    if (surely(d) > total >> 1) high = d;
    else low = d;
  }
  const reach = MARGIN * sigma * MAD_STD_SCALE * high;
  return [a - reach, b + reach];
}
