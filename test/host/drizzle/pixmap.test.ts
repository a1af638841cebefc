import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { calcPixmap, type MapWcs, resampleRange } from "../../../src/host/wcs/pixmap.js";
import type { SplineOrder } from "../../../src/host/numerics/spline.js";
import type { BoundingBox } from "../../../src/host/wcs/wcs.js";

interface Golden {
  shape: [number, number];
  step: number;
  order: SplineOrder;
  box: BoundingBox | null;
  range: number[];
  i: number[];
  j: number[];
  x: (number | null)[];
  y: (number | null)[];
}
const goldens = JSON.parse(
  readFileSync(new URL("../../../fixtures/drizzle/pixmap.json", import.meta.url), "utf8"),
) as Golden[];

/** The formulas of fixtures/drizzle/make.py. */
const wcs = (boundingBox: BoundingBox | undefined): MapWcs => ({
  boundingBox,
  forwardMany: (x, y) => ({
    ra: x.map((v, k) => v + 1e-4 * v * y[k] + 3 * Math.sin(v / 37)),
    dec: y.map((v, k) => v - 2e-4 * x[k] * x[k] + 2 * Math.cos(v / 29)),
  }),
  inverseMany: (a, b) => ({
    x: a.map((v, k) => 0.6 * v - 0.8 * b[k] + 40),
    y: a.map((v, k) => 0.8 * v + 0.6 * b[k] - 7),
  }),
});

describe("calcPixmap and resampleRange against stcal 1.20", () => {
  it.each(goldens)("$shape step $step order $order, box $box", (golden) => {
    const { shape, step, order } = golden;
    const box = golden.box ?? undefined;
    const map = calcPixmap(wcs(box), wcs(undefined), shape, { stepsize: step, order });
    const at = [0, 0];
    golden.i.forEach((i, k) => {
      map.pixel(i, golden.j[k], at);
      for (const [got, want] of [
        [at[0], golden.x[k]],
        [at[1], golden.y[k]],
      ]) {
        if (want === null) expect(got).toBeNaN();
        // what the map may be off by; positions are some hundred pixels, so rounding alone is 1e-13
        else expect(Math.abs((got ?? NaN) - (want ?? NaN))).toBeLessThan(1e-10);
      }
    });
    const { x0, x1, y0, y1 } = resampleRange(shape, box);
    expect([x0, x1, y0, y1]).toEqual(golden.range);
  });

  it("extends a spline map linearly beyond its section", () => {
    const map = calcPixmap(wcs(undefined), wcs(undefined), [60, 80], { stepsize: 10, order: 3 });
    const [a, b, c] = [0, 1, 2].map((k) => {
      const at = [0, 0];
      map.at(79 + 0.5 * k, 20, at);
      return at;
    });
    // second difference of a straight line, up to rounding of positions of some 100 pixels
    expect(Math.abs(a[0] - 2 * b[0] + c[0])).toBeLessThan(1e-11);
  });
});
