import { UserError } from "../host/errors.js";
import { nodeAt } from "../host/models/index.js";
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
import type { ModelLibrary } from "./library.js";
import type { MosaicGrid } from "./mosaic_grid.js";
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
  for (const [k, index] of indices.entries()) {
    const geometry = geometryOf(library.exposures[index], grid, options);
    if (!reaches(geometry, band)) continue;
    const wanted = library.exposures[index].drizzledPlanes(planes);
    const context = planes.contexts ? k : undefined;
    await library.with(
      index,
      (exposure) => drizzleOne(ctx, sums, exposure, geometry, options, context),
      wanted,
    );
    const end = band.y0 + band.ny;
    if (lastUse && !reaches(geometry, { y0: end, ny: grid.shape[0] - end })) library.retire(index);
  }
  const end = gpu.recorder("drizzle");
  sums.compact(end);
  end.submit();
  return sums;
}

function reaches({ tables }: ExposureGeometry, { y0, ny }: Band): boolean {
  return (
    ny > 0 && [tables.fast, tables.general].some((list) => recordsIn(list, tables.tile, y0, ny).count > 0)
  );
}

async function drizzleOne(
  ctx: RunContext,
  sums: Accumulators,
  exposure: Exposure,
  geometry: ExposureGeometry,
  { goodBits, weightType = "ivm" }: GroupOptions,
  context: number | undefined,
): Promise<void> {
  const { gpu } = ctx;
  const { variances, flat } = sums.options;
  const planes = await exposure.acquire(exposure.drizzledPlanes({ variances, flat }));
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
