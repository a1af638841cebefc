import { describe, expect, it } from "vitest";
import { type Moments, skyStatistic } from "../../../src/host/numerics/imagestats.js";
import { CoreAndRest, coreFrom, type CoreLimits, NO_CORE } from "../../../src/host/numerics/sky_core.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { answerFor } from "../../reference/sky_pixels.js";

const normal = gaussian(seeded(4));
const pixels = Float32Array.from({ length: 5000 }, (_, i) => 3 + 0.1 * normal() + (i % 50 === 0 ? 20 : 0));
const OPTIONS = { lower: null, upper: null, nclip: 5, lsigma: 4, usigma: 4, binwidth: 0.1 } as const;

function split(limits: CoreLimits): CoreAndRest {
  const { lo, hi } = limits;
  const core = answerFor(pixels, { kind: "moments", ...limits }) as Moments;
  return new CoreAndRest(
    limits,
    core,
    pixels.filter((v) => !(v >= lo && v <= hi)),
  );
}

describe("a set as its core and the rest", () => {
  it.each([
    [0, 100, 0],
    [2.5, 3.5, 2.9],
    [Math.fround(2.7), 23.01, 3],
    [-9, 2.9, 3],
  ])("knows the sums within %f and %f about %f", (lo, hi, pivot) => {
    const request = { kind: "moments", lo, hi, pivot } as const;
    const expected = answerFor(pixels, request) as Moments;
    const limits =
      hi < 3 ? NO_CORE : { lo: Math.fround(2.8), hi: Math.fround(3.3), pivot: Math.fround(3.01) };
    const found = split(limits).moments(request)!;
    expect({ ...found, sum: 0, squares: 0 }).toEqual({ ...expected, sum: 0, squares: 0 });
    // f64 sums of 5000 values in another order
    expect(Math.abs(found.sum - expected.sum)).toBeLessThan(1e-9);
    expect(Math.abs(found.squares - expected.squares)).toBeLessThan(1e-8);
  });

  it("has no answer where limits cut the core, or its pivot is far from it", () => {
    const near = split({ lo: 2.75, hi: 3.25, pivot: 3 });
    for (const [lo, hi] of [
      [2.8, 4],
      [2, 3.2],
    ])
      expect(near.moments({ kind: "moments", lo, hi, pivot: 3 })).toBeUndefined();
    const far = split({ lo: 2.75, hi: 3.25, pivot: 0 });
    expect(far.moments({ kind: "moments", lo: 0, hi: 100, pivot: 3 })).toBeUndefined();
  });

  it("takes the core within all limits that a sample's clipping passes", () => {
    const found = coreFrom(pixels.slice(0, 2000), skyStatistic({ ...OPTIONS, skystat: "mode" }))!;
    // from the least of 2000 pixels, or 4 deviations of 0.1, to 4 deviations above; drawn in by 1/32 of that
    expect(found.lo).toBeGreaterThan(2.6);
    expect(found.lo).toBeLessThan(2.75);
    expect(found.hi).toBeGreaterThan(3.3);
    expect(found.hi).toBeLessThan(3.4);
    expect(found.pivot).toBeCloseTo(3, 1);
  });

  it("finds no core in a sample without pixels or without width", () => {
    const statistic = () => skyStatistic({ ...OPTIONS, skystat: "mean" });
    expect(coreFrom(new Float32Array(0), statistic())).toBeUndefined();
    expect(coreFrom(new Float32Array(9).fill(2), statistic())).toBeUndefined();
  });
});
