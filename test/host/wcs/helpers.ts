import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openAsdf, type AsdfMap } from "../../../src/host/asdf/index.js";

const FOLDER = new URL("../../../fixtures/wcs/", import.meta.url);

/** What gwcs and romancal made of a set of WCSs; made by fixtures/wcs/make_goldens.py. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as T;
}

export async function tree(name: string): Promise<AsdfMap> {
  const file = await openAsdf(fileURLToPath(new URL(`${name}.asdf`, FOLDER)));
  await file.close(); // the arrays stand in the tree
  return file.tree;
}

/** JSON has no NaN: null stands for it. */
export type Column = (number | null)[];
export const column = (values: Column): Float64Array => Float64Array.from(values, (value) => value ?? NaN);

/** Evaluation of a WCS by gwcs; see evaluation() in make_goldens.py. */
export interface Evaluation {
  x: Column;
  y: Column;
  ra: Column;
  dec: Column;
  boxed_ra: Column;
  boxed_dec: Column;
  bounding_box: [[number, number], [number, number]];
  footprint: [number, number][];
  footprint_center: [number, number][];
  inverse_x?: Column;
  inverse_y?: Column;
  boxed_x: Column;
  boxed_y: Column;
}

export interface L3Golden {
  [key: string]: number | string | number[];
}

/** Positions of points off the edges of the box by more than 1e-6 of a pixel: on them the last bit says in or out. */
export function offEdges({ x, y, bounding_box: [bx, by] }: Evaluation): number[] {
  const off = (value: number | null, range: [number, number]): boolean =>
    value !== null && range.every((edge) => Math.abs(value - edge) > 1e-6);
  return x.flatMap((value, i) => (off(value, bx) && off(y[i], by) ? [i] : []));
}

export const pick = (values: ArrayLike<number>, at: number[]): Float64Array =>
  Float64Array.from(at, (i) => values[i]);

/**
 * Limit for a difference of mean pixel areas of an image of `side` pixels squared: romancal takes Girard's sum of the angles at
 * the border points, 15 pixels apart, n pi in all, so that its rounding is 1e-6 of the area of a 400 x 400 image; ours loses nothing.
 */
export function areaLimit(side: number): number {
  const points = (4 * side) / 15 + 4;
  return (2 * Number.EPSILON * Math.PI * points) / (side - 1) ** 2;
}

/** Largest absolute difference; Infinity where one is NaN and the other is not. */
export function worst(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  weight: (i: number) => number = () => 1,
): number {
  if (a.length !== b.length) return Infinity;
  let max = 0;
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]) !== Number.isNaN(b[i])) return Infinity;
    if (!Number.isNaN(a[i])) max = Math.max(max, Math.abs(a[i] - b[i]) * weight(i));
  }
  return max;
}

/**
 * Distance on the sky in degrees, less what f64 leaves open in gwcs itself: two units in the last place of each number (at a right
 * ascension of 270 degrees a unit is 5.7e-14 degrees: at declination 66 that is 1.5e-9 of a pixel of 0.055 arcsec), and one, 2.2e-16, of the
 * unit vector's components, which near the pole is more than a unit of the right ascension.
 */
export function skyError(
  got: { ra: ArrayLike<number>; dec: ArrayLike<number> },
  ra: ArrayLike<number>,
  dec: ArrayLike<number>,
): number {
  const vector = (Number.EPSILON * 180) / Math.PI;
  const ulps = (value: number): number =>
    2 * Number.EPSILON * 2 ** Math.floor(Math.log2(Math.abs(value) || 1));
  let max = 0;
  for (let i = 0; i < ra.length; i++) {
    if (Number.isNaN(got.ra[i]) !== Number.isNaN(ra[i]) || Number.isNaN(got.dec[i]) !== Number.isNaN(dec[i]))
      return Infinity;
    if (Number.isNaN(ra[i])) continue;
    let dra = Math.abs(got.ra[i] - ra[i]);
    dra = Math.min(dra, Math.abs(360 - dra));
    const onSky = (dra - ulps(ra[i])) * Math.cos((dec[i] * Math.PI) / 180) - vector;
    max = Math.max(max, onSky, Math.abs(got.dec[i] - dec[i]) - ulps(dec[i]));
  }
  return max;
}
