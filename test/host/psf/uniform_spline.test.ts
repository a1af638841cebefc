import { describe, expect, it } from "vitest";
import { uniformSpline } from "../../../src/host/psf/uniform_spline.js";

/** The spline at sample (x, y) + t. */
function valueAt(c: Float64Array, n: number, x: number, y: number, t: number): number {
  const s = 1 - t;
  const weights = [s ** 3, 4 - 3 * t * t * (2 - t), 4 - 3 * s * s * (2 - s), t ** 3].map((w) => w / 6);
  let sum = 0;
  weights.forEach((wy, j) => weights.forEach((wx, i) => (sum += wx * wy * c[(y + j) * (n + 2) + x + i])));
  return sum;
}

describe("a uniform cubic spline", () => {
  it.each([4, 5, 6, 7, 30])("goes through all samples of %i x %i", (n) => {
    const image = Float64Array.from({ length: n * n }, (_, i) => Math.sin(i * i) + 2);
    const c = uniformSpline(image, n);
    for (let y = 0; y < n - 1; y++)
      for (let x = 0; x < n - 1; x++) {
        expect(valueAt(c, n, x, y, 0)).toBeCloseTo(image[y * n + x], 12);
        expect(valueAt(c, n, x, y, 1)).toBeCloseTo(image[(y + 1) * n + x + 1], 12);
      }
  });

  it.each([4, 5, 8])("is the cubic that %i samples a side lie on, between them too", (n) => {
    const cubic = (x: number): number => 1 + x * (2 - x * (0.3 - 0.1 * x));
    const image = Float64Array.from({ length: n * n }, (_, i) => cubic(i % n) * cubic(Math.floor(i / n) - 2));
    const c = uniformSpline(image, n);
    for (let k = 0; k < n - 1; k++)
      expect(valueAt(c, n, k, n - 2 - k, 0.3)).toBeCloseTo(cubic(k + 0.3) * cubic(n - 4 - k + 0.3), 10);
  });

  it("has no knot at the second and at the last but one sample", () => {
    const n = 9;
    const c = uniformSpline(
      Float64Array.from({ length: n * n }, (_, i) => Math.cos(3 * i)),
      n,
    );
    const fourth = (at: (k: number) => number): number => at(0) - 4 * at(1) + 6 * at(2) - 4 * at(3) + at(4);
    for (let i = 0; i < n + 2; i++) {
      for (const first of [0, n - 3]) {
        expect(fourth((k) => c[i * (n + 2) + first + k])).toBeCloseTo(0, 10);
        expect(fourth((k) => c[(first + k) * (n + 2) + i])).toBeCloseTo(0, 10);
      }
    }
  });
});
