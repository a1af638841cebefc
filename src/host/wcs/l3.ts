import { type AsdfMap, type AsdfValue, float } from "../asdf/types.js";
import { type BoundingBox, boundingBoxOfShape } from "./bounding_box.js";
import { angularSeparation, positionAngle, rotationMatrixOfRoll } from "./sky_math.js";
import { D2R } from "./transforms/transform.js";
import type { Wcs } from "./wcs.js";

/** `roman.meta.wcsinfo` of a level-3 product, less skycell_name: degrees, degrees a pixel, 0-based pixels. */
export interface L3WcsInfo {
  readonly projection: "TAN";
  /** [ny, nx]. */
  readonly image_shape: readonly [number, number];
  /** Centre of the image. */
  readonly ra: number;
  readonly dec: number;
  /** Position angle of the y axis at the centre, and at the reference pixel. */
  readonly orientation: number;
  readonly orientation_ref: number;
  /** Reference pixel and its position. */
  readonly x_ref: number;
  readonly y_ref: number;
  readonly ra_ref: number;
  readonly dec_ref: number;
  /** Degrees a pixel, at the centre and at the reference pixel. */
  readonly pixel_scale: number;
  readonly pixel_scale_ref: number;
  readonly rotation_matrix: readonly [readonly [number, number], readonly [number, number]];
  /** undefined where the footprint is not finite: then romancal leaves the key as it was. */
  readonly s_region: string | undefined;
}

/**
 * romancal 1.0.1 resample/_l3_wcs.py assign_l3_wcs. The shape is that of the image, [ny, nx]. Differs in one thing: for a WCS that
 * is not one FITS-imaging transform romancal's rotation_matrix is a flat list of four, here it is 2 x 2 as the schema has it.
 */
export function l3WcsInfo(wcs: Wcs, shape: readonly [number, number]): L3WcsInfo {
  const centre: [number, number] = [(shape[1] - 1) / 2, (shape[0] - 1) / 2];
  const [ra, dec] = wcs.forward(...centre, { withBoundingBox: true });
  const fits = wcs.fitsImaging;
  const [x_ref, y_ref] = fits?.crpix ?? centre;
  const [ra_ref, dec_ref] = fits?.crval ?? wcs.forward(x_ref, y_ref);
  const orientation_ref = yAxisAngle(wcs, ra_ref, dec_ref);
  return {
    projection: "TAN",
    image_shape: shape,
    ra,
    dec,
    orientation: yAxisAngle(wcs, ra, dec),
    orientation_ref,
    x_ref,
    y_ref,
    ra_ref,
    dec_ref,
    pixel_scale: computeScale(wcs, ra, dec),
    pixel_scale_ref: fits?.cdelt[0] ?? computeScale(wcs, ra_ref, dec_ref),
    rotation_matrix: fits?.pc ?? rotationMatrixOfRoll(orientation_ref * D2R, 0, 1),
    s_region: sRegion(wcs, wcs.boundingBox ?? boundingBoxOfShape(shape)),
  };
}

/** The nodes to write, keys in romancal's (alphabetical) order; reals stay reals (`270.0`). */
export function l3WcsInfoToAsdf(info: L3WcsInfo): AsdfMap {
  const out: AsdfMap = {};
  for (const key of (Object.keys(info) as (keyof L3WcsInfo)[]).sort()) {
    const value = info[key];
    if (value !== undefined) out[key] = key === "image_shape" ? [...info.image_shape] : reals(value);
  }
  return out;
}

function reals(value: L3WcsInfo[keyof L3WcsInfo] | readonly number[] | number): AsdfValue {
  if (typeof value === "number") return float(value);
  if (typeof value === "string" || value === undefined) return value ?? null;
  return value.map(reals);
}

/** romancal calc_pa: position angle in degrees of the direction 100 pixels up y from a position. */
export function yAxisAngle(wcs: Wcs, ra: number, dec: number): number {
  const [x, y] = wcs.inverse(ra, dec);
  return positionAngle(ra, dec, ...wcs.forward(x, y + 100));
}

/** stcal compute_scale: degrees a pixel at a position, the geometric mean of the steps of one pixel along x and y. */
export function computeScale(wcs: Wcs, ra: number, dec: number): number {
  const [x, y] = wcs.inverse(ra, dec);
  const sky = wcs.forwardMany(Float64Array.of(x, x + 1, x), Float64Array.of(y, y, y + 1));
  const separation = (k: number): number => angularSeparation(sky.ra[0], sky.dec[0], sky.ra[k], sky.dec[k]);
  return Math.sqrt(separation(1) * separation(2));
}

/** The S_REGION keyword of a box's corners (stcal compute_s_region_keyword); undefined if one is not finite. */
export function sRegion(wcs: Wcs, box: BoundingBox): string | undefined {
  const { ra, dec } = wcs.footprint({ boundingBox: box });
  const words: string[] = [];
  for (let i = 0; i < ra.length; i++) {
    if (!Number.isFinite(ra[i]) || !Number.isFinite(dec[i])) return undefined;
    words.push((ra[i] < 0 ? 360 + ra[i] : ra[i]).toFixed(9), dec[i].toFixed(9));
  }
  return `POLYGON ICRS  ${words.join(" ")}`;
}
