import { expect } from "vitest";
import type { L3WcsInfo } from "../../../src/host/wcs/index.js";
import type { L3Golden } from "./helpers.js";

/**
 * Limits of each value, absolute. Right ascensions: two units in the last place of 360 degrees; declinations: two of 90. Scales come
 * from an arc of one pixel, 3e-7 rad and more, between unit vectors good to a few 1e-16: 2e-9 of their value. Orientations come
 * from an arc of a hundred pixels: 2e-11 rad; 0 and 360 are told apart, as whoever compares files does.
 */
const LIMITS = {
  ra: 1.2e-13,
  dec: 3e-14,
  ra_ref: 1.2e-13,
  dec_ref: 3e-14,
  orientation: 2e-9,
  orientation_ref: 2e-9,
  pixel_scale: 4e-14,
  pixel_scale_ref: 4e-14,
  x_ref: 1e-9,
  y_ref: 1e-9,
} as const;

/** Degrees: the last place of a unit vector's component; near the pole it counts more than that of the right ascension. */
const VECTOR = (Number.EPSILON * 180) / Math.PI;

/** `slack`: pixels by which the WCS itself may lie off. */
export function expectL3(got: L3WcsInfo, want: L3Golden, slack = 0): void {
  expect(got.projection).toBe(want.projection);
  expect([...got.image_shape]).toEqual(want.image_shape);
  const cosDec = Math.cos((got.dec * Math.PI) / 180);
  for (const key of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
    let difference = Math.abs(got[key] - (want[key] as number));
    if (key.startsWith("ra") || slack > 0) difference = Math.min(difference, 360 - difference);
    const unit = /^(ra|dec)/.test(key) ? got.pixel_scale / cosDec : /^[xy]/.test(key) ? 1 : 0;
    const vector = key.startsWith("ra") ? VECTOR / cosDec : 0;
    expect(difference, key).toBeLessThan(LIMITS[key] + vector + slack * unit);
  }
  (want.rotation_matrix as number[]).forEach((element, i) => {
    expect(Math.abs(got.rotation_matrix.flat()[i] - element), "rotation_matrix").toBeLessThan(4e-11);
  });
  const corners = (text: string): number[] => text.split(/\s+/).slice(2).map(Number);
  const [a, b] = [corners(got.s_region as string), corners(want.s_region as string)];
  expect(got.s_region).toMatch(/^POLYGON ICRS {2}(-?\d+\.\d{9} ?){8}$/);
  // nine decimals: the last one may round either way
  a.forEach((value, i) => expect(Math.abs(value - b[i]), "s_region").toBeLessThan(1.5e-9));
}
