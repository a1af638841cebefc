import { UserError } from "../host/errors.js";
import { interpretBitFlags, PIXEL, setNode } from "../host/models/index.js";
import type { GridMap } from "../host/wcs/blot_tiles.js";
import type { PixelMap } from "../host/wcs/pixmap.js";
import type { RunContext } from "./context.js";
import { finalize } from "./drizzle.js";
import { drizzleExposures, fillValue, geometryOf, type GroupOptions } from "./drizzle_group.js";
import { flagAgainstMedian } from "./flag_outliers.js";
import type { ModelLibrary } from "./library.js";
import { type MedianBand, medianImage } from "./median_image.js";
import { type MosaicGrid, mosaicGrid } from "./mosaic_grid.js";
import type { OutlierDetectionOptions } from "./options.js";

const STEP = "outlier_detection";
/** Share of the free device memory that the stack of all groups may take. */
const STACK_SHARE = 0.25;
/** Share of the step that the median takes. */
const MEDIAN_PROGRESS = 0.6;

/**
 * Sets DO_NOT_USE and OUTLIER in the DQ of pixels that differ from the median of all groups of exposures, and notes it in
 * meta.cal_step; SKIPPED for fewer than two exposures. Pixels stay on the device; memory is bounded by a few planes of the
 * mosaic, however many exposures there are. Source: romancal 1.0.1 outlier_detection/, stcal 1.20.0 outlier_detection/.
 * Throws UserError for options that cannot be read, and as mosaicGrid.
 */
export async function outlierDetection(
  ctx: RunContext,
  library: ModelLibrary,
  options: OutlierDetectionOptions,
): Promise<void> {
  if (library.length < 2) {
    ctx.log.warn("Skipping outlier_detection - at least two imaging observations are needed.");
    setStatus(library, "SKIPPED");
    return;
  }
  const snr = twoNumbers("snr", options.snr);
  const scale = twoNumbers("scale", options.scale);
  const fill = fillValue(STEP, options.fillval);
  const group: GroupOptions = {
    pixfrac: options.pixfrac,
    kernel: options.kernel,
    stepsize: options.pixmap_stepsize,
    order: options.pixmap_order === 1 ? 1 : 3,
    goodBits: interpretBitFlags(options.good_bits),
  };
  const grid = await mosaicGrid(ctx, library, options.resample_on_skycell);
  const bands = await ctx.timer.time("median", () =>
    medianOf(ctx, library, grid, group, fill, options.maskpt),
  );
  try {
    const counts = await ctx.timer.time("flag", () =>
      flagAgainstMedian(
        ctx,
        library,
        { shape: grid.shape, bands },
        (exposure) => {
          const { map } = geometryOf(exposure, grid, group);
          return { map, pieces: bilinearPieces(map, group) };
        },
        { snr, scale, backg: options.backg, fill, flags: PIXEL.DO_NOT_USE | PIXEL.OUTLIER },
      ),
    );
    counts.forEach((count, i) =>
      ctx.log.info(`${library.exposures[i].model.filename}: ${count} pixels marked as outliers`),
    );
  } finally {
    for (const { buffer } of bands) buffer.free();
  }
  setStatus(library, "COMPLETE");
}

function setStatus(library: ModelLibrary, status: "COMPLETE" | "SKIPPED"): void {
  for (const { model } of library.exposures) setNode(model.meta, `cal_step.${STEP}`, status);
}

function medianOf(
  ctx: RunContext,
  library: ModelLibrary,
  grid: MosaicGrid,
  options: GroupOptions,
  fill: number,
  maskpt: number,
): Promise<MedianBand[]> {
  const { gpu } = ctx;
  const groups = [...library.groupIndices().values()];
  return medianImage(gpu, {
    shape: grid.shape,
    groups: groups.length,
    maxRows: grid.shape[0],
    maskpt,
    stackBudget: STACK_SHARE * gpu.memory.available,
    async drizzle(index, band) {
      const sums = await drizzleExposures(ctx, library, groups[index], grid, band, options);
      const rec = gpu.recorder("finalize");
      const { data, weight } = finalize(rec, sums, { fill });
      rec.submit();
      ctx.progress(STEP, (MEDIAN_PROGRESS * (index + 1)) / groups.length);
      return { data, weight, free: () => sums.free() };
    },
  });
}

/** A map of order 1 has kinks at the points of its grid (stcal 1.20.0 calc_pixmap); the smooth others need no pieces. */
function bilinearPieces({ section }: PixelMap, { order, stepsize }: GroupOptions): GridMap["pieces"] {
  const { x0, x1, y0, y1 } = section;
  const [width, height] = [x1 - x0 + 1, y1 - y0 + 1];
  if (order !== 1 || stepsize <= 1 || Math.max(width, height) <= 10) return undefined;
  const pieces = (size: number): number =>
    Math.max(1, Math.max(Math.ceil(size / stepsize), Math.min(10, size)) - 1);
  return { x: pieces(width), y: pieces(height) };
}

function twoNumbers(name: string, text: string): [number, number] {
  const numbers = text.trim().split(/\s+/).map(Number);
  if (numbers.length !== 2 || numbers.some(Number.isNaN))
    throw new UserError(`${STEP}.${name}="${text}": expected two numbers with a space between, as "5.0 4.0"`);
  return [numbers[0], numbers[1]];
}
