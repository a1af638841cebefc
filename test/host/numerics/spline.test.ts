import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/host/errors.js";
import { GridSpline, type SplineOrder } from "../../../src/host/numerics/spline.js";

interface Golden {
  order: SplineOrder;
  y: number[];
  x: number[];
  z: number[];
  py: number[];
  px: number[];
  value: number[];
  dx: number[];
  dy: number[];
}
const goldens = JSON.parse(
  readFileSync(new URL("../../../fixtures/drizzle/spline.json", import.meta.url), "utf8"),
) as Golden[];

describe("GridSpline", () => {
  it.each(goldens)("order $order, $y.length x $x.length: scipy's RectBivariateSpline", (golden) => {
    const { order, y, x, z, py, px } = golden;
    const other = Float64Array.from(z, (value) => 1 - 2 * value);
    const spline = new GridSpline(
      Float64Array.from(y),
      Float64Array.from(x),
      [Float64Array.from(z), other],
      order,
    );
    const at = [0, 0];
    const d = [0, 0, 0, 0, 0, 0];
    const close = (got: number, want: number): void =>
      // values are a few hundred: 1e-10 is what a map may be off by; rounding alone is 1e-13
      expect(Math.abs(got - want)).toBeLessThan(1e-10);
    px.forEach((_, k) => {
      spline.at(px[k], py[k], at);
      close(at[0], golden.value[k]);
      close(at[1], 1 - 2 * golden.value[k]);
      if (k >= golden.dx.length) return;
      spline.derivatives(px[k], py[k], d);
      close(d[0], golden.value[k]);
      close(d[1], golden.dx[k]);
      close(d[2], golden.dy[k]);
      close(d[4], -2 * golden.dx[k]);
    });
  });

  it.each(goldens)("order $order, $y.length x $x.length: the same over a grid of places", (golden) => {
    const { order, y, x, z, py, px } = golden;
    const spline = new GridSpline(Float64Array.from(y), Float64Array.from(x), [Float64Array.from(z)], order);
    const [xs, ys] = [Float64Array.from(px), Float64Array.from(py).subarray(0, 7)];
    const [values] = spline.grid(xs, ys);
    const at = [0];
    ys.forEach((v, j) =>
      xs.forEach((u, i) => {
        spline.at(u, v, at);
        // sums in another order, of values of a few hundred
        expect(Math.abs(values[j * xs.length + i] - at[0])).toBeLessThan(1e-11);
      }),
    );
  });

  it("refuses a grid that is too small for its order", () => {
    const grid = Float64Array.of(0, 1, 2);
    expect(() => new GridSpline(grid, grid, [new Float64Array(9)], 3)).toThrow(UserError);
  });
});
