import { describe, expect, it } from "vitest";
import { floatToKey, keyToFloat } from "../../../src/host/numerics/float_key.js";
import { clipRangeOfKeys, clipRangeOfWindow } from "../../../src/host/numerics/clip_range.js";
import {
  binWindow,
  type BinValues,
  type BinWindow,
  PART_WORDS,
  partOf,
  partsToValues,
  RankedBins,
} from "../../../src/host/numerics/ranked_bins.js";
import { sigmaClip } from "../../../src/host/numerics/sigma_clip.js";
import { clippedStatistics } from "../../reference/background.js";
import { normals, uniforms } from "../../reference/random.js";

const SUB = 256;

/** What the device does for one box, on plain arrays. */
function clip(values: Float32Array): { median: number; count: number; rounds: number } | undefined {
  const BINS = Math.max(1024, 2 ** Math.ceil(Math.log2(values.length)));
  const shift = 32 - Math.log2(BINS);
  const coarse = new Uint32Array(BINS);
  for (const x of values) coarse[floatToKey(x) >>> shift]++;
  const range = clipRangeOfKeys(coarse, shift, 3);
  if (!range) return undefined;
  const wide = binWindow(range, BINS, SUB);
  const window = binWindow(clipRangeOfWindow(countsOf(values, wide), wide, 3)!, BINS, SUB);
  const counts = countsOf(values, window);
  const view = new RankedBins(counts, window);
  for (let rounds = 0; ; rounds++) {
    const result = sigmaClip(view, 3, 5);
    if (!view.wanted.size) return result && { ...result, rounds };
    for (const bin of view.toRefine()) view.refine(bin, valuesOf(values, bin, window));
  }
}

function countsOf(values: Float32Array, window: BinWindow): Uint32Array {
  const counts = new Uint32Array(window.bins);
  for (const x of values) counts[Math.floor(partOf(x, window) / SUB)]++;
  return counts;
}

function valuesOf(values: Float32Array, bin: number, window: BinWindow): BinValues {
  const parts = new Uint32Array(PART_WORDS * SUB);
  for (const x of values) {
    const part = partOf(x, window);
    if (Math.floor(part / SUB) !== bin) continue;
    const at = PART_WORDS * (part % SUB);
    const key = floatToKey(x);
    parts[at]++;
    parts[at + 1] = Math.max(parts[at + 1], ~key >>> 0);
    parts[at + 2] = Math.max(parts[at + 2], key);
    parts[at + 3] += key;
  }
  return partsToValues(parts);
}

describe("ordered keys", () => {
  it("compare as the numbers do, and back", () => {
    const numbers = [-3e38, -1.5, -1e-40, -0, 0, 1e-45, 2, 3e38];
    const keys = numbers.map(floatToKey);
    expect([...keys].sort((a, b) => a - b)).toEqual(keys);
    expect(keys.map(keyToFloat)).toEqual(numbers.map(Math.fround));
  });
});

describe("sigma clip from histograms", () => {
  const sky = (n: number, level: number, sigma: number, seed: number): Float32Array => {
    const noise = normals(n, seed);
    const bright = uniforms(n, seed + 1);
    return Float32Array.from(
      noise,
      (z, i) => level + sigma * z + (bright[i] > 0.97 ? 60 * sigma * bright[i] : 0),
    );
  };

  it.each([
    ["sky about 0", sky(20000, 0, 0.01, 1)],
    ["sky of 20 sigma", sky(20001, 0.25, 0.0125, 2)],
    ["sky of 10^4 sigma", sky(5000, 1, 1e-4, 3)],
    ["negative sky", sky(7777, -3, 0.02, 4)],
    ["two pixels", Float32Array.of(1, 2)],
    ["one pixel", Float32Array.of(-7.25)],
    ["few pixels", sky(37, 0.1, 0.01, 5)],
    ["skewed", Float32Array.from(sky(9999, 0, 1, 6), (x) => Math.exp(x))],
    ["constant", new Float32Array(1000).fill(0.3)],
    ["mostly ties", Float32Array.from(sky(1000, 0, 1, 7), (x, i) => (i % 3 ? 5 : x))],
    ["integers", Float32Array.from(sky(3000, 100, 5, 8), Math.round)],
  ])("%s: the survivors and their median are those of the sorted values", (_name, values) => {
    const expected = clippedStatistics(values);
    const got = clip(values);
    expect(got?.count).toBe(expected.count);
    expect(got?.median).toBe(expected.median);
  });

  it("is exact for many seeds and few refinements", () => {
    for (let seed = 10; seed < 60; seed++) {
      const values = sky(1369, 0.26, 0.0155, seed);
      const expected = clippedStatistics(values);
      const got = clip(values);
      expect(got?.count).toBe(expected.count);
      expect(got?.median).toBe(expected.median);
      expect(got?.rounds).toBeLessThan(8);
    }
  });

  it("has no result without values", () => expect(clip(new Float32Array(0))).toBeUndefined());
});
