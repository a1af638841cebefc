import { expect } from "vitest";

/** |actual - expected| <= tolerance, or both NaN. */
export function expectWithin(actual: number, expected: number, tolerance: number, what = "value"): void {
  if (Number.isNaN(expected)) expect(actual, what).toBeNaN();
  else
    expect(Math.abs(actual - expected), `${what}: ${actual} for ${expected}`).toBeLessThanOrEqual(tolerance);
}

/** |actual - expected| <= tolerance |expected|, or both NaN. */
export function expectRelative(actual: number, expected: number, tolerance: number, what = "value"): void {
  expectWithin(actual, expected, tolerance * Math.abs(expected), what);
}
