import type { Wcs } from "../../host/wcs/index.js";

const DEGREE = Math.PI / 180;
const ARCSEC = DEGREE / 3600;
/** nJy in a MJy. */
const NANOJANSKY = 1e15;
/** Jansky of AB magnitude 0, as astropy has it: 3631 Jy up to rounding. */
const AB_ZERO_NANOJANSKY = 10 ** (-48.6 / 2.5) * 1e32;

/** Scale and orientation of an image at its centre. */
export interface SkyScale {
  /** Arcseconds a pixel, along the meridian. */
  readonly pixelScale: number;
  /** Degrees from the x axis, counter-clockwise, to North. */
  readonly northAngle: number;
  /** Steradians a pixel. */
  readonly pixelArea: number;
}

/**
 * Pixel scale and direction of North at the image's centre, from a step of one arcsecond northwards
 * (romancal 1.0.1 source_catalog/_wcs_helpers.py; astropy's offset_by). `pixelArea` (steradians) is meta.photometry.pixel_area,
 * used where it is given and positive.
 */
export function skyScale(wcs: Wcs, nx: number, ny: number, pixelArea?: number): SkyScale {
  const [ra, dec] = wcs.forward((nx - 1) / 2, (ny - 1) / 2);
  const [x0, y0] = wcs.inverse(ra, dec);
  const [x1, y1] = wcs.inverse(...stepNorth(ra, dec));
  const pixelScale = 1 / Math.hypot(x1 - x0, y1 - y0);
  return {
    pixelScale,
    northAngle: Math.atan2(y1 - y0, x1 - x0) / DEGREE,
    pixelArea: pixelArea !== undefined && pixelArea > 0 ? pixelArea : (pixelScale * ARCSEC) ** 2,
  };
}

function stepNorth(ra: number, dec: number): [number, number] {
  const sin = Math.sin(dec * DEGREE);
  const cos = Math.cos(dec * DEGREE);
  const latitude = sin * Math.cos(ARCSEC) + cos * Math.sin(ARCSEC);
  const turn = Math.atan2(0, Math.cos(ARCSEC) - latitude * sin);
  return [(((ra + turn / DEGREE) % 360) + 360) % 360, Math.asin(latitude) / DEGREE];
}

/** Factor from MJy/sr to nJy a pixel. */
export function fluxFactor(scale: SkyScale): number {
  return scale.pixelArea * NANOJANSKY;
}

/** Arcseconds along a pixel's side: the root of its area. */
export function pixelSide(scale: SkyScale): number {
  return Math.sqrt(scale.pixelArea) / ARCSEC;
}

/** AB magnitude and its error of a flux in nJy; NaN for a flux that is not positive (romancal _segment.py convert_flux_to_abmag). */
export function abMagnitude(flux: number, fluxError: number): [magnitude: number, error: number] {
  if (!(flux > 0)) return [NaN, NaN];
  return [-2.5 * Math.log10(flux / AB_ZERO_NANOJANSKY), 2.5 * Math.log10(1 + fluxError / flux)];
}
