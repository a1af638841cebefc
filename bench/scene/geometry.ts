import { type AsdfMap, type AsdfValue, float, isMap, NdArray, tagOf } from "../../src/host/asdf/index.js";
import { skycellWcs, type Wcs } from "../../src/host/wcs/index.js";

/** Where the telescope points: degrees; `roll` is the position angle of the aperture. */
export interface Pointing {
  readonly ra: number;
  readonly dec: number;
  readonly roll: number;
}

export const PIXEL_ARCSEC = 0.11;
export const CELL_ARCSEC = 0.055;
/** The sky cell that all scenes are made in, and the point at which it touches the sphere, degrees. */
export const CELL = { name: "270p66x50y50", ra: 270, dec: 66 } as const;

const DEGREE = Math.PI / 180;

/** A point `east`, `north` arcsec of the tangent point on the plane that touches the sphere there, in degrees (gnomonic). */
export function offsetBy(east: number, north: number, { ra, dec } = CELL): { ra: number; dec: number } {
  const [x, y] = [(east / 3600) * DEGREE, (north / 3600) * DEGREE];
  const [sin, cos] = [Math.sin(dec * DEGREE), Math.cos(dec * DEGREE)];
  const below = cos - y * sin;
  const found = ra + Math.atan2(x, below) / DEGREE;
  return {
    ra: ((found % 360) + 360) % 360,
    dec: Math.atan2(sin + y * cos, Math.hypot(x, below)) / DEGREE,
  };
}

/** The grid of the sky cell, `size` pixels a side about its tangent point. */
export function cellWcs(size: number): Wcs {
  const middle = (size - 1) / 2;
  return skycellWcs({
    name: CELL.name,
    pixel_scale: CELL_ARCSEC / 3600,
    ra_projection_center: CELL.ra,
    dec_projection_center: CELL.dec,
    x0_projection: middle,
    y0_projection: middle,
    ra_center: CELL.ra,
    dec_center: CELL.dec,
    nx: size,
    ny: size,
    orientat: 0,
    orientat_projection_center: 0,
  });
}

/**
 * Points an exposure's WCS tree (`roman.meta.wcs`, as romancal's assign_wcs writes it) elsewhere and cuts or enlarges the detector's
 * part to `size` pixels a side about its centre. The tree is changed in place.
 */
export function pointWcs(wcs: AsdfMap, { ra, dec, roll }: Pointing, size: number): void {
  const centre = size / 2 - 0.5;
  let [shifts, rotations] = [0, 0];
  walk(wcs, (node, kind) => {
    if (kind === "shift") {
      node.offset = float(Math.sign(Number(plain(node.offset))) * centre);
      shifts++;
    } else if (kind === "rotate_sequence_3d" && Array.isArray(node.angles)) {
      node.angles = [...node.angles.slice(0, 2), float(roll), float(dec), float(-ra)];
      rotations++;
    } else if (kind === "bounding_box" && isMap(node.intervals)) {
      for (const axis of Object.keys(node.intervals)) node.intervals[axis] = [float(-0.5), float(size - 0.5)];
    }
  });
  if (shifts !== 4 || rotations === 0)
    throw new Error(
      `the exposure's WCS is not built as assign_wcs does: ${shifts} shifts, ${rotations} rotations`,
    );
}

function plain(value: AsdfValue): AsdfValue {
  return value !== null && typeof value === "object" && "value" in value ? (value.value as AsdfValue) : value;
}

function walk(node: AsdfValue, visit: (node: AsdfMap, kind: string) => void): void {
  if (Array.isArray(node)) for (const item of node) walk(item, visit);
  else if (isMap(node)) {
    visit(node, /([a-z0-9_]+)-[\d.]+$/.exec(tagOf(node) ?? "")?.[1] ?? "");
    for (const value of Object.values(node)) if (!(value instanceof NdArray)) walk(value, visit);
  }
}
