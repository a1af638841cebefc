import { expect } from "vitest";
import { SLIVER, type TwinMosaic } from "../../reference/drizzle.js";
import type { Mosaic } from "./run.js";

/**
 * Areas on the device carry errors of some 1e-7 of a pixel (f32 sums of terms up to 1, fixed-point positions of 2^-26, the
 * quadratic's 2e-6), whatever the overlap: so the error of a weight is absolute, in units of the weight of a whole pixel.
 */
export const AREA_ERROR = 4e-6;
/** Data, weight and context of the device against the twin's; returns the number of pixels with weight. */
export function expectSameSignal(got: Mosaic, want: TwinMosaic, dataRange: number): number {
  let top = 0;
  for (const weight of want.weight) top = Math.max(top, weight);
  const bad: unknown[] = [];
  let covered = 0;
  want.weight.forEach((weight, o) => {
    const sliver = want.smallest[o] < SLIVER;
    const w = got.weight[o];
    if (Math.abs(w - weight) > AREA_ERROR * top + 1e-5 * weight) bad.push({ o, w, weight });
    if (sliver) return;
    if (weight === 0) {
      // the twin has no overlap at all here
      if (w !== 0 && w > AREA_ERROR * top) bad.push({ o, w, weight });
      return;
    }
    covered++;
    if (got.context0 && got.context0[o] !== want.context[o])
      bad.push({ o, context: got.context0[o], want: want.context[o], smallest: want.smallest[o] });
    // a mean: the error of its weights times the range of its values
    const error = 1e-6 * dataRange + (2 * AREA_ERROR * top * dataRange) / weight;
    const d = got.data[o];
    const expected = want.data[o];
    if (Number.isNaN(expected) ? !Number.isNaN(d) : !(Math.abs(d - expected) <= error))
      bad.push({ o, d, expected, weight });
  });
  expect(bad.slice(0, 5), `${bad.length} pixels`).toEqual([]);
  return covered;
}
