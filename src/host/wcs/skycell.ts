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

/** The tables of a skymap reference file by column; rows in file order. */
export interface SkymapTables {
  /** `meta.pixel_scale`: arcsec a pixel. */
  readonly pixelScale: number;
  /** `meta.nxy_skycell`: pixels a side. */
  readonly nxySkycell: number;
  readonly projectionRegions: ProjectionRegionColumns;
  readonly skycells: SkycellColumns;
}

export interface ProjectionRegionColumns {
  readonly ra_tangent: ArrayLike<number>;
  readonly dec_tangent: ArrayLike<number>;
  readonly orientat: ArrayLike<number>;
  /** Rows of the sky cells' table: from skycell_start up to but without skycell_end. */
  readonly skycell_start: ArrayLike<number>;
  readonly skycell_end: ArrayLike<number>;
}

export interface SkycellColumns {
  readonly name: ArrayLike<string>;
  readonly ra_center: ArrayLike<number>;
  readonly dec_center: ArrayLike<number>;
  readonly orientat: ArrayLike<number>;
  readonly x_tangent: ArrayLike<number>;
  readonly y_tangent: ArrayLike<number>;
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

/** Row of a sky cell's name in the table, -1 if it is not there. */
function skycellIndex({ skycells }: SkymapTables, name: string): number {
  for (let i = 0; i < skycells.name.length; i++) if (skycells.name[i] === name) return i;
  return -1;
}

/** Row of the projection region that holds a sky cell's row, -1 if none does. */
export function projectionRegionOf({ projectionRegions: regions }: SkymapTables, index: number): number {
  for (let i = regions.skycell_start.length - 1; i >= 0; i--)
    if (index >= regions.skycell_start[i] && index < regions.skycell_end[i]) return i;
  return -1;
}

/**
 * What an association says of the sky cell of this name (romancal SkyCells.from_names, wcs_infos).
 * @throws UserError if the name is not in the skymap, or no projection region holds it
 */
export function skycellInfo(tables: SkymapTables, name: string): SkycellInfo {
  const index = skycellIndex(tables, name);
  if (index < 0)
    throw new UserError(
      `skymap: no sky cell named "${name}" among its ${tables.skycells.name.length}; use the skymap that the association was made with`,
    );
  return skycellInfoAt(tables, index);
}

/** {@link skycellInfo} of a row of the sky cells' table. */
function skycellInfoAt(tables: SkymapTables, index: number): SkycellInfo {
  const { projectionRegions: regions, skycells: cells } = tables;
  const region = projectionRegionOf(tables, index);
  if (region < 0) throw new UserError(`skymap: sky cell "${cells.name[index]}" lies in no projection region`);
  return {
    name: cells.name[index],
    pixel_scale: tables.pixelScale / 3600,
    ra_projection_center: regions.ra_tangent[region],
    dec_projection_center: regions.dec_tangent[region],
    x0_projection: cells.x_tangent[index],
    y0_projection: cells.y_tangent[index],
    ra_center: cells.ra_center[index],
    dec_center: cells.dec_center[index],
    nx: tables.nxySkycell,
    ny: tables.nxySkycell,
    orientat: cells.orientat[index],
    orientat_projection_center: regions.orientat[region],
  };
}
