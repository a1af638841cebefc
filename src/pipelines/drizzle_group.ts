import { UserError } from "../host/errors.js";
import { nodeAt } from "../host/models/index.js";
import { rowsRead } from "../host/wcs/tile_windows.js";
import { recordsIn } from "../host/wcs/tiles.js";
import type { Band, RunContext, Window } from "./context.js";
import {
  type AccumulatorOptions,
  Accumulators,
  drizzleInto,
  type DrizzleOptions,
  ExposureGeometry,
  PackedExposure,
} from "./drizzle.js";
import type { Exposure } from "./exposure.js";
import { footprintOf, joined } from "./footprint.js";
import type { ModelLibrary } from "./library.js";
import type { MosaicGrid } from "./mosaic_grid.js";
import { RoughPlace } from "./rough_place.js";
import { type WeightType, weightingOf } from "./weighting.js";

export interface GroupOptions extends DrizzleOptions {
  /** DQ bits that do not make a pixel bad; null: no pixel is bad. */
  readonly goodBits: number | null;
  /** Weights of the input pixels; "ivm" without it. */
  readonly weightType?: WeightType;
  /** Sum the flat-field variance too. */
  readonly includeVarFlat?: boolean;
  /** OR the DQ of the contributing pixels. */
  readonly propagateDq?: boolean;
}

/** Rows beside those that the tiles of the signal read, which those of other planes may read: whole pixels where it has shrunken ones. */
const MARGIN_ROWS = 2;
/** Where exposures reach a larger part of a grid, all of it is worked on: each one's geometry is made while the device works then. */
const LARGE_PART = 0.75;

const geometries = new WeakMap<Exposure, { readonly key: string; readonly geometry: ExposureGeometry }>();

/** How an exposure lies in a grid; kept with the exposure, as outlier_detection and resample mostly ask for the same. */
export function geometryOf(exposure: Exposure, grid: MosaicGrid, options: DrizzleOptions): ExposureGeometry {
  const { kernel, pixfrac, stepsize, order } = options;
  const { wcs, shape, pixelScaleRatio } = grid;
  const own = wcs.fitsImaging ?? identityOf(wcs);
  const key = JSON.stringify([own, shape, pixelScaleRatio, kernel, pixfrac, stepsize, order]);
  const kept = geometries.get(exposure);
  if (kept?.key === key) return kept.geometry;
  const all = { ...options, pixelScaleRatio };
  const geometry = ExposureGeometry.of(exposure.wcs, wcs, exposure.model.shape, shape, all);
  geometries.set(exposure, { key, geometry });
  return geometry;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** A number for a WCS that no few parameters describe. */
function identityOf(wcs: object): number {
  let identity = identities.get(wcs);
  if (identity === undefined) identities.set(wcs, (identity = ++lastIdentity));
  return identity;
}

/** The part of the grid outside of which no exposure adds anything; of no rows where none does anywhere. */
export function reachedPart(library: ModelLibrary, grid: MosaicGrid, options: DrizzleOptions): Window {
  const { exposures } = library;
  const [ny, nx] = grid.shape;
  let rough: Window = { x0: 0, y0: 0, nx: 0, ny: 0 };
  for (const exposure of exposures) {
    rough = joined(rough, RoughPlace.of(exposure, grid).window(grid.shape));
    if (rough.nx * rough.ny > LARGE_PART * nx * ny) return { x0: 0, y0: 0, nx, ny };
  }
  return footprintOf(
    exposures.map((exposure) => geometryOf(exposure, grid, options)),
    grid.shape,
  );
}

/** The background that skymatch found in an exposure and did not subtract, MJy/sr; 0 without one. */
function levelToSubtract({ model }: Exposure): number {
  if (nodeAt(model.meta, "background.subtracted") === true) return 0;
  return model.metadata.optionalNumber("background.level") ?? 0;
}

/**
 * Drizzle the exposures of these indices, one after the other, onto a band of the grid; the caller finalizes and frees the sums.
 * Exposures that do not reach the band are not loaded. With contexts the k-th index sets bit k. `lastUse`: the exposures'
 * pixels are not needed again but for the rows after the band.
 */
export async function drizzleExposures(
  ctx: RunContext,
  library: ModelLibrary,
  indices: readonly number[],
  grid: MosaicGrid,
  band: Band & Partial<Window>,
  options: GroupOptions,
  planes: AccumulatorOptions = {},
  lastUse = false,
): Promise<Accumulators> {
  const { gpu } = ctx;
  const rec = gpu.recorder("drizzle");
  const sums = new Accumulators(gpu, rec, band.nx ?? grid.shape[1], band, planes);
  rec.submit();
  const [ny, nx] = grid.shape;
  const end = band.y0 + band.ny;
  // bands come in order: rows that later ones take come at once, while the device works
  const onwards = { x0: 0, nx, y0: band.y0, ny: ny - band.y0 };
  for (const [k, index] of indices.entries()) {
    const exposure = library.exposures[index];
    const geometry = geometryOf(exposure, grid, options);
    if (reaches(geometry, band)) {
      const context = planes.contexts ? k : undefined;
      const rows = rowsFor(exposure, geometry, onwards, options);
      await library.with(
        index,
        () => drizzleOne(ctx, sums, exposure, geometry, rows, options, context),
        exposure.drizzledPlanes(planes),
        rows,
        // the others' geometry is made when the device works at the one before
        (next) => rows && RoughPlace.of(library.exposures[next], grid).rowsUnder(onwards),
      );
    }
    if (lastUse && !reaches(geometry, { y0: end, ny: ny - end })) library.retire(index);
  }
  return sums;
}

function reaches({ tables }: ExposureGeometry, { y0, ny }: Band): boolean {
  return (
    ny > 0 && [tables.fast, tables.general].some((list) => recordsIn(list, tables.tile, y0, ny).count > 0)
  );
}

/** The rows of an exposure that rows of the grid take; undefined: all. */
function rowsFor(
  { model }: Exposure,
  { tables }: ExposureGeometry,
  { y0, ny }: Band,
  { weightType }: GroupOptions,
): Band | undefined {
  if (weightType === "ivm-sky") return undefined; // by the median of all pixels
  const rows = rowsRead(tables, y0, ny, model.shape);
  return { y0: rows.y0 - MARGIN_ROWS, ny: rows.ny + 2 * MARGIN_ROWS };
}

async function drizzleOne(
  ctx: RunContext,
  sums: Accumulators,
  exposure: Exposure,
  geometry: ExposureGeometry,
  rows: Band | undefined,
  { goodBits, weightType = "ivm" }: GroupOptions,
  context: number | undefined,
): Promise<void> {
  const { gpu } = ctx;
  const { variances, flat } = sums.options;
  const planes = await exposure.acquire(exposure.drizzledPlanes({ variances, flat }), rows);
  try {
    const weighting = await weightingOf(ctx, exposure, planes, weightType);
    const rec = gpu.recorder("drizzle");
    const packed = new PackedExposure(gpu, planes.bindable, geometry, {
      goodBits,
      level: levelToSubtract(exposure),
      weighting,
      variances,
      flat: flat && planes.varFlat !== undefined, // romancal skips an exposure without one
    });
    const exposureTime = variances
      ? exposure.model.metadata.number("exposure.effective_exposure_time")
      : undefined;
    drizzleInto(rec, sums, packed, { context, exposureTime });
    rec.submit();
    packed.free();
  } finally {
    exposure.release();
  }
}

/** The value of pixels without weight, as romancal reads it: INDEF is 0. Throws UserError where it is no number. */
export function fillValue(step: string, text: string): number {
  const word = text.trim().toUpperCase();
  if (word === "INDEF") return 0;
  const infinite = /^([+-]?)INF(INITY)?$/.exec(word);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  const value = Number(word);
  if (word === "" || (Number.isNaN(value) && !/^[+-]?NAN$/.test(word)))
    throw new UserError(`${step}.fillval="${text}": expected a number, NaN or INDEF`);
  return value;
}
