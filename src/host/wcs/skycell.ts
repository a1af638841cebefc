import { UserError } from "../errors.js";
import { boundingBoxOfShape } from "./bounding_box.js";
import { makeFitsImagingWcs } from "./fits_imaging_wcs.js";
import { rotationMatrixOfRoll } from "./sky_math.js";
import { D2R } from "./transforms/transform.js";
import type { Wcs } from "./wcs.js";

/** `skycell_wcs_info` of an association: degrees, degrees a pixel, 0-based pixels. */
export interface SkycellInfo {
  readonly name: string;
  readonly pixel_scale: number;
  readonly ra_projection_center: number;
  readonly dec_projection_center: number;
  /** Pixel of the sky cell's grid at which its projection region touches the sphere; mostly far outside the cell. */
  readonly x0_projection: number;
  readonly y0_projection: number;
  readonly ra_center: number;
  readonly dec_center: number;
  readonly nx: number;
  readonly ny: number;
  /** Orientation at the cell's centre; unused if orientat_projection_center is there. */
  readonly orientat: number;
  readonly orientat_projection_center?: number;
}

/**
 * The WCS of a sky cell: gnomonic about the tangent point of its projection region, bounding box the whole cell, [ny, nx] set.
 * romancal 1.0.1 skycell/skymap.py _wcsinfo_to_wcs.
 */
export function skycellWcs(info: SkycellInfo): Wcs {
  const shape: [number, number] = [info.ny, info.nx];
  if (!shape.every((side) => Number.isInteger(side) && side > 0))
    throw new UserError(
      `skycell ${info.name}: expected whole numbers of pixels nx and ny, found ${info.nx}, ${info.ny}`,
    );
  return makeFitsImagingWcs({
    name: info.name,
    crpix: [info.x0_projection, info.y0_projection],
    crval: [info.ra_projection_center, info.dec_projection_center],
    cdelt: [info.pixel_scale, info.pixel_scale],
    pc: rotationMatrixOfRoll((info.orientat_projection_center ?? info.orientat) * D2R, 0, 1),
    boundingBox: boundingBoxOfShape(shape),
    arrayShape: shape,
  });
}
