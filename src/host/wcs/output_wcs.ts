import { UserError } from "../errors.js";
import type { BoundingBox } from "./bounding_box.js";
import { makeFitsImagingWcs } from "./fits_imaging_wcs.js";
import { computeScale } from "./l3.js";
import { meanPixelArea } from "./pixel_area.js";
import { rotationMatrixOfRoll } from "./sky_math.js";
import { FitsImaging, type FitsImagingParameters } from "./transforms/fits_imaging.js";
import { D2R, evaluateMany, R2D, type Transform } from "./transforms/transform.js";
import type { Wcs } from "./wcs.js";

/** Of `roman.meta.wcsinfo` of the first exposure: degrees; vparity 1 or -1. */
export interface ReferenceWcsInfo {
  readonly ra_ref: number;
  readonly dec_ref: number;
  readonly roll_ref: number;
  readonly v3yangle: number;
  readonly vparity: number;
}

export interface OutputInput {
  readonly wcs: Wcs;
  readonly wcsinfo: ReferenceWcsInfo;
  /** [ny, nx]. */
  readonly shape: readonly [number, number];
}

/** romancal's resample options of the same meaning. */
export interface OutputWcsOptions {
  /** Output over input pixel scale; of no effect where pscale is given. */
  readonly pscaleRatio?: number;
  /** Degrees a pixel. */
  readonly pscale?: number;
  /** Position angle of the y axis in degrees; without it the axes are about those of the detector. */
  readonly rotation?: number;
  /** [ny, nx]. */
  readonly shape?: readonly [number, number];
  /** 0-based. */
  readonly crpix?: readonly [number, number];
  /** Degrees. */
  readonly crval?: readonly [number, number];
}

export interface OutputWcs {
  readonly wcs: Wcs;
  /** Arcsec. */
  readonly pixelScale: number;
  readonly pixelScaleRatio: number;
}

/**
 * The gnomonic WCS that covers the footprints of all inputs; the first one sets scale and orientation.
 * romancal 1.0.1 resample/resample.py make_output_wcs, stcal 1.20 alignment/util.py wcs_from_sregions.
 * @throws UserError if there is no input, one has no bounding box, or the image would be smaller than 2 pixels a side
 */
export function makeOutputWcs(inputs: readonly OutputInput[], options: OutputWcsOptions = {}): OutputWcs {
  if (inputs.length === 0) throw new UserError("resample: no exposure to compute the output WCS from");
  const [reference] = inputs;
  const { pscale, ratio } = outputScale(reference, options);
  const corners = allCorners(inputs);
  const crval = options.crval ?? fiducial(corners);
  const pc = orientation(reference.wcsinfo, options.rotation);
  const unshifted = { crpix: [0, 0], crval, cdelt: [pscale, pscale], pc } as const;
  const { crpix, shape, boundingBox } = placeOnGrid(unshifted, corners, options);
  if (shape.some((side) => side < 2))
    throw new UserError(
      `resample: the output WCS would hold ${shape[1]} x ${shape[0]} pixels; check pixel_scale, pixel_scale_ratio, crpix, crval and output_shape`,
    );
  const { input, output } = reference.wcs.frameNodes;
  const names = [reference.wcs.frames[0], reference.wcs.frames[reference.wcs.frames.length - 1]] as const;
  const frames = { input, output, names };
  const wcs = makeFitsImagingWcs({ ...unshifted, crpix, boundingBox, arrayShape: shape, frames });
  return { wcs, pixelScale: pscale * 3600, pixelScaleRatio: ratio };
}

function outputScale(
  { wcs, wcsinfo, shape }: OutputInput,
  { pscale, pscaleRatio = 1 }: OutputWcsOptions,
): { pscale: number; ratio: number } {
  if (pscale === undefined)
    return { pscale: computeScale(wcs, wcsinfo.ra_ref, wcsinfo.dec_ref) * pscaleRatio, ratio: pscaleRatio };
  const area = meanPixelArea(wcs, shape);
  if (area === undefined)
    throw new UserError("resample: the first exposure's WCS has no finite border, so no pixel area");
  return { pscale, ratio: pscale / (Math.sqrt(area) * R2D) };
}

interface Corners {
  ra: Float64Array;
  dec: Float64Array;
}

function allCorners(inputs: readonly OutputInput[]): Corners {
  const footprints = inputs.map(({ wcs }) => wcs.footprint());
  return {
    ra: Float64Array.from(footprints.flatMap(({ ra }) => [...ra])),
    dec: Float64Array.from(footprints.flatMap(({ dec }) => [...dec])),
  };
}

/** Direction to the middle of the box around all corners on the unit sphere (stcal _calculate_fiducial_from_spatial_footprint). */
function fiducial({ ra, dec }: Corners): [number, number] {
  const middle = (values: Float64Array): number => (Math.max(...values) + Math.min(...values)) / 2;
  const x = middle(ra.map((a, i) => Math.cos(dec[i] * D2R) * Math.cos(a * D2R)));
  const y = middle(ra.map((a, i) => Math.cos(dec[i] * D2R) * Math.sin(a * D2R)));
  const z = middle(dec.map((d) => Math.sin(d * D2R)));
  const lon = Math.atan2(y, x) * R2D;
  return [lon < 0 ? lon + 360 : lon, Math.atan2(z, Math.sqrt(x * x + y * y)) * R2D];
}

function orientation(info: ReferenceWcsInfo, rotation: number | undefined): FitsImagingParameters["pc"] {
  const v3yangle = info.v3yangle * D2R;
  const roll = rotation === undefined ? info.roll_ref * D2R : rotation * D2R + info.vparity * v3yangle;
  return rotationMatrixOfRoll(roll, v3yangle, info.vparity);
}

/** stcal _compute_bounding_box_with_offsets: where the reference pixel lies, so that all corners have positive coordinates. */
function placeOnGrid(
  unshifted: FitsImagingParameters,
  corners: Corners,
  options: OutputWcsOptions,
): { crpix: [number, number]; shape: [number, number]; boundingBox: BoundingBox } {
  const toGrid = new FitsImaging(unshifted).inverse() as Transform;
  const grid = evaluateMany(toGrid, [corners.ra, corners.dec]);
  const [[cx], [cy]] = evaluateMany(toGrid, [
    Float64Array.of(unshifted.crval[0]),
    Float64Array.of(unshifted.crval[1]),
  ]);
  const low = grid.map((values) => Math.min(...values));
  const high = grid.map((values) => Math.max(...values));
  const crpix: [number, number] = options.crpix
    ? [options.crpix[0] - cx, options.crpix[1] - cy]
    : [cx - low[0], cy - low[1]];
  const [x1, y1] = [Math.trunc(high[0] + crpix[0] + 0.5), Math.trunc(high[1] + crpix[1] + 0.5)];
  if (!options.shape) {
    const boundingBox: BoundingBox = [
      [-0.5, x1 - 0.5],
      [-0.5, y1 - 0.5],
    ];
    return { crpix, shape: [y1, x1], boundingBox };
  }
  const [ny, nx] = options.shape;
  const start = (k: number): number => Math.max(0, Math.trunc(low[k] + crpix[k] + 0.5)) - 0.5;
  const boundingBox: BoundingBox = [
    [start(0), Math.min(x1, nx) - 0.5],
    [start(1), Math.min(y1, ny) - 0.5],
  ];
  return { crpix, shape: [ny, nx], boundingBox };
}
