import type { NdArray } from "../asdf/index.js";
import { PIXEL } from "../models/dqflags.js";
import { short } from "./words.js";

/** The values of an array in one line: least, greatest, median, how many are not finite or zero. */
export async function rangeLine(array: NdArray): Promise<string> {
  const values = await array.readNumbers();
  const finite = values.filter(Number.isFinite).sort();
  if (finite.length === 0) return values.length === 0 ? "empty" : "no finite values";
  const median = finite[finite.length >> 1];
  const words = [`${short(finite[0])} to ${short(finite[finite.length - 1])}`, `median ${short(median)}`];
  if (finite.length < values.length)
    words.push(`${share(values.length - finite.length, values.length)} not finite`);
  const zeros = countZeros(finite);
  if (zeros > 0) words.push(`${share(zeros, values.length)} zero`);
  return words.join(", ");
}

function countZeros(values: Float64Array): number {
  let count = 0;
  for (const value of values) if (value === 0) count++;
  return count;
}

/** The flags of a DQ array with the share of pixels that carry each, most frequent first. */
export async function flagLines(array: NdArray): Promise<string[]> {
  const values = await array.read();
  const counts = new Map<string, number>();
  let good = 0;
  for (const value of values) {
    if (value === 0) good++;
    else
      for (const [name, bit] of FLAGS)
        if ((Number(value) & bit) !== 0) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return [
    `${share(good, values.length)} without a flag`,
    ...sorted.map(([name, count]) => `${name} ${share(count, values.length)}`),
  ];
}

const FLAGS = Object.entries(PIXEL).filter(([, bit]) => bit !== 0);

/** How many exposures contribute to a pixel, from the bits of a mosaic's context planes. */
export async function exposuresLine(array: NdArray): Promise<string> {
  const bits = await array.read();
  const pixels = array.shape.slice(-2).reduce((a, b) => a * b, 1);
  const counts = new Uint32Array(pixels);
  for (let i = 0; i < bits.length; i++)
    for (let word = Number(bits[i]) >>> 0; word !== 0; word = (word & (word - 1)) >>> 0) counts[i % pixels]++;
  counts.sort();
  const zeros = counts.findIndex((count) => count > 0);
  const none = zeros === 0 ? "" : `, ${share(zeros < 0 ? pixels : zeros, pixels)} of pixels without any`;
  return `${counts[0]} to ${counts[pixels - 1]} exposures a pixel, median ${counts[pixels >> 1]}${none}`;
}

/** Sources of a segmentation map: labels that occur. */
export async function countLabels(array: NdArray): Promise<number> {
  const seen = new Set<number | bigint>();
  for (const value of await array.read()) seen.add(value);
  return seen.size - (seen.has(0) ? 1 : 0);
}

/** A fraction as a percentage in two or three digits. */
export function share(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent >= 99.95) return "> 99.9 %";
  return percent < 0.01 ? "< 0.01 %" : `${Number(percent.toPrecision(percent < 10 ? 2 : 3))} %`;
}
