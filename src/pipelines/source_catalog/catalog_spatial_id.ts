import type { SkymapRegion, SkycellWcsInfo } from "../../host/models/index.js";
import { skycellWcs } from "../../host/wcs/index.js";

/** Arcseconds of the virtual pixels that positions are told in. */
const VIRTUAL_SCALE = 0.05;
const NAME = /x(\d+)y(\d+)/;

/** A sky cell and its projection region, from the skymap. */
export interface SpatialFrame {
  readonly cell: SkycellWcsInfo;
  readonly region: SkymapRegion;
  /** meta.wcsinfo.pixel_scale_ref: degrees. */
  readonly pixelScale: number;
}

/**
 * flagged_spatial_id: bits of "outside the cell's core", projection region, cell and position within it
 * (romancal 1.0.1 source_catalog/_source_catalog.py flagged_spatial_id). Zero throughout where `frame` is undefined or its cell's
 * name tells no place in the region, as in romancal.
 */
export function spatialIds(
  frame: SpatialFrame | undefined,
  x: Float32Array,
  y: Float32Array,
  sky: { readonly ra: Float64Array; readonly dec: Float64Array },
): BigInt64Array {
  const ids = new BigInt64Array(x.length);
  const place = frame && NAME.exec(frame.cell.name);
  if (!frame || !place) return ids;
  const cell = (BigInt(frame.region.index) << 46n) + (BigInt(place[2]) << 39n) + (BigInt(place[1]) << 32n);
  const core = inCore(frame, sky);
  return ids.map((_, i) => {
    const outside = core[i] ? 0n : 1n << 59n;
    return outside + cell + (virtualPixel(y[i], frame) << 16n) + virtualPixel(x[i], frame);
  });
}

/** romancal's arithmetic is float32 here; a position that is not finite becomes 0. */
function virtualPixel(value: number, { pixelScale }: SpatialFrame): bigint {
  const arcsec = Math.fround(Math.fround(value * Math.fround(pixelScale)) * 3600);
  const pixel = Math.trunc(Math.fround(arcsec / Math.fround(VIRTUAL_SCALE)));
  return BigInt(Number.isFinite(pixel) ? Math.max(0, Math.min(pixel, 2 ** 16)) : 0);
}

/** Whether each position belongs to this cell alone: within the region and farther than half the overlap from the cell's edge. */
function inCore(
  { cell, region }: SpatialFrame,
  { ra, dec }: { readonly ra: Float64Array; readonly dec: Float64Array },
): boolean[] {
  const at = skycellWcs(cell).inverseMany(ra, dec);
  const least = region.skycell_border_pixels / 2 - 0.5;
  const inside = (value: number, size: number): boolean =>
    least < value && value < size - region.skycell_border_pixels / 2 - 0.5;
  return Array.from(ra, (longitude, i) => {
    if (!(between(longitude, region) && dec[i] >= region.dec_min && dec[i] < region.dec_max)) return false;
    return inside(at.x[i], cell.nx) && inside(at.y[i], cell.ny);
  });
}

function between(ra: number, { ra_min, ra_max }: SkymapRegion): boolean {
  const turn = (angle: number): number => ((angle % 360) + 360) % 360;
  const [at, low] = [turn(ra), turn(ra_min)];
  const high = turn(ra_max) === low ? 360 : turn(ra_max);
  return low <= high ? at >= low && at <= high : at >= low || at <= high;
}
