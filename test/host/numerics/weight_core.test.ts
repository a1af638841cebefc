import { describe, expect, it } from "vitest";
import { BinnedWeights } from "../../../src/host/numerics/binned_weights.js";
import { floatToKey } from "../../../src/host/numerics/float_key.js";
import { coreOf, rangesOf } from "../../../src/host/numerics/weight_core.js";

const counts = new Uint32Array(4096).fill(100);
const bins = { first: floatToKey(100), shift: 12, counts };
const sample = { medians: [150, 149], bounds: [[110, 190] as const, [120, 180] as const] };

describe("coreOf", () => {
  it("lies between the innermost bounds and the medians, and marks the bins around both", () => {
    const core = coreOf(bins, sample)!;
    const keys = [...core.params.core];
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
    expect(keys[0]).toBeGreaterThan(floatToKey(120));
    expect(keys[1]).toBeLessThan(floatToKey(149));
    expect(keys[2]).toBeGreaterThan(floatToKey(150));
    expect(keys[3]).toBeLessThan(floatToKey(180));
    const binOf = (value: number): number => Math.floor((floatToKey(value) - bins.first) / 4096);
    for (const value of [149, 150, 110, 190, 120, 180])
      expect(core.marked.has(binOf(value)), String(value)).toBe(true);
    expect(core.marked.has(binOf(135))).toBe(false);
    for (const key of keys) expect((key - bins.first) % 4096).toBe(0);
  });

  it.each([
    ["bounds that meet the medians", bins, { medians: [150], bounds: [[149.99, 150.01] as const] }],
    [
      "negative values",
      { ...bins, first: floatToKey(-200) },
      { medians: [-150], bounds: [[-190, -110] as const] },
    ],
    [
      "many octaves",
      { ...bins, first: floatToKey(1), shift: 16 },
      { medians: [100], bounds: [[1.1, 4000] as const] },
    ],
  ])("is none for %s", (_name, where, found) => {
    expect(coreOf(where, found)).toBeUndefined();
  });
});

describe("rangesOf", () => {
  it("adds partial sums up to what BinnedWeights takes for the values themselves", () => {
    const core = coreOf(bins, sample)!;
    const { exponent, origin, centre } = core.params;
    const sides = [
      [125, 130.5, 140, 127.75],
      [155, 161.5, 175],
    ];
    const unit = 2 ** (exponent - 150);
    const words = sides.map((values) => {
      const units = values.reduce((sum, value) => sum + value / unit - origin, 0);
      const squares = Float32Array.of(values.reduce((sum, value) => sum + (value - centre) ** 2, 0));
      return [values.length, units % 65536, Math.floor(units / 65536), new Uint32Array(squares.buffer)[0]];
    });
    const partials = Uint32Array.from([...words.flat(), ...words.flat()]); // two workgroups
    const ranges = rangesOf(core, partials);
    const all = [...sides.flat(), ...sides.flat()];
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    const none = new Uint32Array(4096);
    const weights = new BinnedWeights(bins, none, none, Float32Array.of(149, 150), new Set(), ranges);
    const sums = weights.within(100, 200);
    expect(sums.count).toBe(16);
    expect(sums.mean).toBeCloseTo((mean * 14 + 299) / 16, 12);
    const squares = [...all, 149, 150].reduce((sum, value) => sum + (value - sums.mean) ** 2, 0);
    expect(sums.std).toBeCloseTo(Math.sqrt(squares / 16), 4); // squares in f32
    expect(weights.median(8, 2)).toBe(149.5); // eight lie in the range below
    expect(weights.wanted.size).toBe(0);
    weights.within(130, 200);
    expect([...weights.wanted].every((bin) => bin >= 4096)).toBe(true); // the core is cut
  });
});
