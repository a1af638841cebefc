import { statfsSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname } from "node:path";
import { UserError } from "../host/errors.js";
import type { FrameFile } from "../host/asdf/index.js";
import { interpretBitFlags, WfiMosaic } from "../host/models/index.js";
import { l3WcsInfo, l3WcsInfoToAsdf, type OutputWcsOptions } from "../host/wcs/index.js";
import type { RunContext } from "./context.js";
import { customGrid } from "./custom_grid.js";
import { checkDrizzleOptions } from "./drizzle.js";
import { fillValue, type GroupOptions } from "./drizzle_group.js";
import type { ModelLibrary } from "./library.js";
import { type BuildOptions, buildMosaic, type KeptPlanes } from "./mosaic_bands.js";
import { mosaicGrid } from "./mosaic_grid.js";
import type { ResampleOptions } from "./options.js";

export interface ResampleResult {
  readonly mosaic: WfiMosaic;
  /** Its planes on the device where it is one band; the caller's to free. */
  readonly planes?: KeptPlanes;
}

/**
 * The mosaic of all exposures: data weighted by 1 / var_rnoise, variances, err from them, context, exposure times, and the
 * metadata that romancal 1.0.1 gives it (resample/resample_step.py, resample.py, _exptime_resampler.py, _meta_blender.py; stcal 1.20.0
 * resample/resample.py). Bands of the mosaic are made one after the other, each from the exposures that reach it, so that device
 * memory depends neither on the mosaic's size nor on the number of exposures. With `frames` the planes go to that file as they are
 * made, else they stay in memory. Throws UserError as mosaicGrid, and for metadata that an exposure lacks.
 */
export async function resample(
  ctx: RunContext,
  library: ModelLibrary,
  options: ResampleOptions,
  building: BuildOptions = {},
): Promise<ResampleResult> {
  if (library.length === 0) throw new UserError("resample: at least one exposure is needed");
  const group: GroupOptions = {
    pixfrac: options.pixfrac,
    kernel: options.kernel,
    stepsize: options.pixmap_stepsize,
    order: options.pixmap_order === 1 ? 1 : 3,
    goodBits: interpretBitFlags(options.good_bits),
    weightType: options.weight_type,
    includeVarFlat: options.include_var_flat,
    propagateDq: options.propagate_dq,
  };
  checkDrizzleOptions(group);
  if (options.weight_type === "exptime")
    ctx.log.warn(
      "Use of EXPTIME weighting will result in incorrect propagated errors in the resampled product",
    );
  const fill = fillValue("resample", options.fillval);
  const { output_wcs, resample_on_skycell } = options;
  const computed = wcsOptions(options);
  const grid = output_wcs
    ? await customGrid(ctx, library, output_wcs, computed.shape)
    : await mosaicGrid(ctx, library, resample_on_skycell, computed);
  checkSize(grid.shape, building.frames);
  const built = await buildMosaic(ctx, library, grid, group, fill, building);
  const { mean, max } = built.exposure;
  ctx.log.info(`Mean, max exposure times: ${mean.toFixed(1)}, ${max.toFixed(1)}`);
  const mosaic = WfiMosaic.make(
    built.planes,
    grid.wcs,
    library.exposures.map(({ model }) => model),
    library.association,
    {
      resample: {
        good_bits: options.good_bits,
        pixel_scale_ratio: grid.pixelScaleRatio,
        pixfrac: options.pixfrac,
        pixmap_order: options.pixmap_order,
        pixmap_stepsize: options.pixmap_stepsize,
        pointings: library.groupIndices().size,
        weight_type: options.weight_type ?? "None",
      },
      exposure_time: mean,
      max_exposure_time: max,
      statistics: built.statistics,
      wcsinfo: l3WcsInfoToAsdf(l3WcsInfo(grid.wcs, grid.shape)),
    },
  );
  return { mosaic, planes: built.kept };
}

/** Bytes of a mosaic's pixel: seven planes and a word of the context. */
const BYTES_PER_PIXEL = 32;

/** A grid that spans exposures far apart, or a slip in output_shape; what goes to a file needs disk, not memory. */
function checkSize([ny, nx]: readonly [number, number], frames: FrameFile | undefined): void {
  const bytes = ny * nx * BYTES_PER_PIXEL;
  if (bytes <= totalmem()) return;
  if (frames) {
    const { bavail, bsize } = statfsSync(dirname(frames.path));
    if (bytes <= bavail * bsize) return;
  }
  throw new UserError(
    `resample: a mosaic of ${nx} x ${ny} pixels needs ${Math.ceil(bytes / 1e9)} GB, more than this machine has; ` +
      "choose a smaller output_shape, a larger pixel_scale, or exposures that lie together",
  );
}

/** romancal's options of the computed grid; arcsec to degrees, x and y to [ny, nx]. */
function wcsOptions(options: ResampleOptions): OutputWcsOptions {
  const pair = (name: "output_shape" | "crpix" | "crval"): [number, number] | undefined => {
    const values = options[name];
    return values ? [values[0], values[1]] : undefined;
  };
  const shape = pair("output_shape");
  return {
    pscaleRatio: options.pixel_scale_ratio,
    pscale: options.pixel_scale === null ? undefined : options.pixel_scale / 3600,
    rotation: options.rotation ?? undefined,
    shape: shape && [shape[1], shape[0]],
    crpix: pair("crpix"),
    crval: pair("crval"),
  };
}
