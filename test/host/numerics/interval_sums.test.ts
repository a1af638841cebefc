import { describe, expect, it } from "vitest";
import { type Clipped, clippedMean } from "../../../src/host/numerics/clipped_mean.js";
import { type Interval, intervalsAround, SumsAndValues } from "../../../src/host/numerics/interval_sums.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { weightThresholdTwin } from "../../reference/weight_threshold.js";

const CENTRE = 10;

/** Values as sums over the intervals and the others. */
function known(values: Float32Array, intervals: readonly Interval[]): SumsAndValues {
  const inside = (x: number, [lo, hi]: Interval): boolean => x > lo && x < hi;
  const sums = intervals.map((interval) => {
    const d = [...values].filter((x) => inside(x, interval)).map((x) => x - CENTRE);
    return {
      count: d.length,
      sum: d.reduce((a, b) => a + b, 0),
      squares: d.reduce((a, b) => a + b * b, 0),
    };
  });
  const rest = values.filter((x) => !intervals.some((interval) => inside(x, interval)));
  return new SumsAndValues(intervals, sums, CENTRE, rest);
}

function clipped(values: SumsAndValues): Promise<Clipped> {
  return clippedMean({
    within: (low, high) => values.within(low, high)!,
    at: (rank) => values.at(rank)!,
  });
}

describe("SumsAndValues", () => {
  const values = Float32Array.from({ length: 21 }, (_, i) => (i * 8) % 21); // 0 to 20
  const sums = known(values, [
    [-5, 3],
    [5, 9],
    [12, 15],
    [30, 40],
  ]);

  it("sums within bounds that cut no interval", () => {
    for (const [low, high] of [
      [-100, 100],
      [3, 15],
      [5, 12],
      [9, 20],
      [4, 11.5],
    ]) {
      const inside = values.filter((x) => x >= low && x <= high);
      const mean = inside.reduce((a, b) => a + b, 0) / inside.length;
      const squares = inside.reduce((a, b) => a + (b - mean) ** 2, 0);
      const found = sums.within(low, high)!;
      expect(found.count).toBe(inside.length);
      expect(found.below).toBe(values.filter((x) => x < low).length);
      expect(found.mean).toBeCloseTo(mean, 12);
      expect(found.std).toBeCloseTo(Math.sqrt(squares / inside.length), 12);
    }
    expect(sums.within(2.5, 20)).toBeUndefined();
    expect(sums.within(0, 14.5)).toBeUndefined();
  });

  it("knows the values outside of intervals by rank", () => {
    for (let rank = 0; rank <= 20; rank++) {
      const hidden = rank < 3 || (rank > 5 && rank < 9) || (rank > 12 && rank < 15);
      expect(sums.at(rank)).toBe(hidden ? undefined : rank);
    }
  });
});

describe("intervalsAround", () => {
  const random = seeded(4);
  const normal = gaussian(random);
  const values = Float32Array.from({ length: 60_000 }, () =>
    random() < 0.1 ? 10 - 4 * Math.abs(normal()) : 10 + normal(),
  );
  const sample = values.filter((_, i) => i % 3 === 0).sort();

  it.each([6, 3])("leaves what a clipping turns on outside of at most %i", async (most) => {
    const { intervals, outside } = intervalsAround(sample, await clipped(known(sample, [])), most);
    expect(intervals.length).toBeLessThanOrEqual(most);
    const ends = intervals.flat();
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
    expect(outside).toBe(sample.filter((x) => !intervals.some(([lo, hi]) => x > lo && x < hi)).length);
    const { mean } = await clipped(known(values, intervals));
    expect(Math.abs(mean - weightThresholdTwin(values, 1))).toBeLessThan(1e-9);
  });

  it("leaves out values that are all one", async () => {
    const same = new Float32Array(100).fill(3);
    const { outside } = intervalsAround(same, await clipped(known(same, [])), 6);
    expect(outside).toBe(100);
  });
});
