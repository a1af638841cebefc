import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { skyStatistic, type StatOptions } from "../../../src/host/numerics/imagestats.js";
import { allPixels, fillPolygons, type Spans } from "../../../src/host/numerics/polygon_fill.js";
import { findSkyDeltas, type PairSky } from "../../../src/host/numerics/sky_deltas.js";
import { goldenPixels, runOver } from "../../reference/sky_pixels.js";

interface Goldens {
  statistics: {
    image: [number, number, number, number, number];
    options: StatOptions;
    found: [number, number] | null;
  }[];
  fills: { nx: number; ny: number; x: number[]; y: number[]; rows: string[] }[];
  deltas: { n: number; pairs: PairSky[]; deltas: (number | null)[] }[];
}
const goldens = JSON.parse(
  readFileSync(new URL("../../../fixtures/skymatch/goldens.json", import.meta.url), "utf8"),
) as Goldens;

function pictureOf({ nx, ny, rowStart, runs }: Spans): string[] {
  return Array.from({ length: ny }, (_, y) => {
    const row = new Array<string>(nx).fill("0");
    for (let s = rowStart[y]; s < rowStart[y + 1]; s++) row.fill("1", runs[2 * s], runs[2 * s + 1] + 1);
    return row.join("");
  });
}

describe("sky statistics against stsci.imagestats 1.8.4", () => {
  const kinds = ["mode", "midpt", "median", "mean"] as const;
  it.each(kinds)("%s", (kind) => {
    const cases = goldens.statistics.filter(({ options }) => options.skystat === kind);
    expect(cases.some(({ found }) => found)).toBe(true);
    for (const { image, options, found } of cases) {
      const ours = runOver(goldenPixels(...image), skyStatistic(options));
      const label = JSON.stringify({ image, options });
      if (!found) {
        expect(ours, label).toBeUndefined();
        continue;
      }
      expect(ours?.npix, label).toBe(found[1]);
      // computeMean.c rounds each square to f32: the deviation, and with it the place of a bin, may differ in the last bit
      expect(Math.abs(ours!.sky - found[0]), label).toBeLessThanOrEqual(2 ** -23 * Math.abs(found[0]));
    }
  });
});

describe("pixels of a polygon against gwcs 1.0.3", () => {
  it("fills the same pixels", () => {
    for (const { nx, ny, x, y, rows } of goldens.fills) {
      expect(pictureOf(fillPolygons([{ x, y }], nx, ny)), JSON.stringify({ x, y })).toEqual(rows);
    }
  });

  it("joins polygons to runs that lie apart", () => {
    const square = (x0: number, x1: number) => ({ x: [x0, x1, x1, x0, x0], y: [1, 1, 3, 3, 1] });
    const spans = fillPolygons([square(1, 4), square(3, 6), square(8, 9)], 12, 5);
    expect(pictureOf(spans)).toEqual([
      "000000000000",
      ...Array<string>(3).fill("011111101100"),
      "000000000000",
    ]);
    expect([...spans.rowStart]).toEqual([0, 0, 2, 4, 6, 6]);
  });

  it("takes a whole image", () => {
    expect(pictureOf(allPixels(3, 2))).toEqual(["111", "111"]);
  });
});

describe("least squares of sky differences against stcal 1.20.0", () => {
  it("finds the shortest solution, NaN without a pair", () => {
    for (const { n, pairs, deltas } of goldens.deltas) {
      const ours = findSkyDeltas(n, pairs);
      deltas.forEach((delta, i) => {
        if (delta === null) expect(ours.deltas[i]).toBeNaN();
        // two singular value decompositions, condition numbers below 1e3
        else expect(Math.abs(ours.deltas[i] - delta)).toBeLessThan(1e-12);
      });
    }
  });

  it("tells the rank", () => {
    const pair = (i: number, j: number): PairSky => ({ i, j, skyI: 1, skyJ: 2, npixI: 10, npixJ: 12 });
    expect(findSkyDeltas(4, [pair(0, 1), pair(2, 3)]).rank).toBe(2);
    expect(findSkyDeltas(3, [pair(0, 1), pair(1, 2), pair(0, 2)]).rank).toBe(2);
    expect(findSkyDeltas(2, [{ ...pair(0, 1), npixJ: 0 }])).toEqual({
      deltas: Float64Array.of(NaN, NaN),
      rank: 0,
    });
  });
});
