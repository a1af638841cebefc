import { UserError } from "../host/errors.js";
import type { DeviceBuffer } from "../gpu/index.js";
import { interpretBitFlags, PIXEL, setNode, type WrittenFile } from "../host/models/index.js";
import type { GridMap } from "../host/wcs/blot_tiles.js";
import type { PixelMap } from "../host/wcs/pixmap.js";
import { type Band, isOrdinary, type RunContext, type Window } from "./context.js";
import { checkDrizzleOptions, type ExposureGeometry, mostRows } from "./drizzle.js";
import { drizzleExposures, fillValue, geometryOf, type GroupOptions, reachedPart } from "./drizzle_group.js";
import { flagAgainstMedian } from "./flag_outliers.js";
import { footprintOf, widened } from "./footprint.js";
import { Intermediates } from "./intermediates.js";
import type { ModelLibrary } from "./library.js";
import { fillEmpty, type MedianBand, medianImage, type MedianInput } from "./median_image.js";
import { type MosaicGrid, mosaicGrid } from "./mosaic_grid.js";
import type { OutlierDetectionOptions } from "./options.js";
import { commonShape, directMedian, flagAgainstOwnPixels } from "./unresampled_outliers.js";

const STEP = "outlier_detection";
/** Share of the device memory, exposures' included, that the stack of all groups may take. */
const STACK_SHARE = 0.4;
/** Bytes that it may take where the mosaic is a large one, whose median is large too. */
const LARGE_STACK = 400e6;
/** Share of the step that the median takes. */
const MEDIAN_PROGRESS = 0.6;
/** Columns and rows without data about what the exposures reach: a multiple of 4. */
const HELD_MARGIN = 8;

/**
 * Sets DO_NOT_USE and OUTLIER in the DQ of pixels that differ from the median of all groups of exposures, and notes it in
 * meta.cal_step; SKIPPED for fewer than two exposures. Pixels stay on the device; memory is bounded by a few planes of the
 * mosaic, however many exposures there are. Source: romancal 1.0.1 outlier_detection/, stcal 1.20.0 outlier_detection/.
 * `folder`: where intermediate results go; returns what was written there.
 * Throws UserError for options that cannot be read, and as mosaicGrid.
 */
export async function outlierDetection(
  ctx: RunContext,
  library: ModelLibrary,
  options: OutlierDetectionOptions,
  folder = options.output_dir ?? ".",
): Promise<readonly WrittenFile[]> {
  if (library.length < 2) {
    ctx.log.warn("Skipping outlier_detection - at least two imaging observations are needed.");
    setStatus(library, "SKIPPED");
    return [];
  }
  const work: Work = {
    ...options,
    snr: twoNumbers("snr", options.snr),
    scale: twoNumbers("scale", options.scale),
    fill: fillValue(STEP, options.fillval),
    flags: PIXEL.DO_NOT_USE | PIXEL.OUTLIER,
    group: {
      pixfrac: options.pixfrac,
      kernel: options.kernel,
      stepsize: options.pixmap_stepsize,
      order: options.pixmap_order === 1 ? 1 : 3,
      goodBits: interpretBitFlags(options.good_bits),
    },
    folder,
  };
  checkDrizzleOptions(work.group);
  const { counts, files } = await (options.resample_data ? resampled : unresampled)(ctx, library, work);
  counts.forEach((count, i) =>
    ctx.log.info(`${library.exposures[i].model.filename}: ${count} pixels marked as outliers`),
  );
  setStatus(library, "COMPLETE");
  return files;
}

interface Work extends Pick<
  OutlierDetectionOptions,
  "maskpt" | "backg" | "save_intermediate_results" | "resample_on_skycell"
> {
  readonly snr: [number, number];
  readonly scale: [number, number];
  readonly fill: number;
  readonly flags: number;
  readonly group: GroupOptions;
  readonly folder: string;
}

interface Outcome {
  readonly counts: readonly number[];
  readonly files: readonly WrittenFile[];
}

async function resampled(ctx: RunContext, library: ModelLibrary, work: Work): Promise<Outcome> {
  const { group, snr, scale, backg, fill, flags } = work;
  const grid = await mosaicGrid(ctx, library, work.resample_on_skycell);
  const saved = work.save_intermediate_results
    ? new Intermediates(ctx.gpu, library, work.folder, grid.shape)
    : undefined;
  const held = heldPart(library, grid, work, saved);
  const bands = await ctx.timer.time("median", () => medianOf(ctx, library, grid, held, work, saved));
  try {
    await saved?.median(bands, grid.wcs, false);
    const counts = await ctx.timer.time("flag", () =>
      flagAgainstMedian(
        ctx,
        library,
        { grid, held, bands },
        (exposure) => {
          const { map } = geometryOf(exposure, grid, group);
          return { map, pieces: bilinearPieces(map, group) };
        },
        { snr, scale, backg, fill, flags },
      ),
    );
    return { counts, files: saved?.files ?? [] };
  } finally {
    for (const { buffer } of bands) buffer.free();
  }
}

/** `resample_data` false: the exposures' own pixels, one under the other. */
async function unresampled(ctx: RunContext, library: ModelLibrary, work: Work): Promise<Outcome> {
  const { gpu, timer } = ctx;
  const [ny, nx] = commonShape(library);
  const stackBudget = STACK_SHARE * library.memory;
  const stack = Math.min(stackBudget, 4 * ny * nx * library.length);
  const saved = work.save_intermediate_results
    ? new Intermediates(gpu, library, work.folder, [ny, nx])
    : undefined;
  const options = {
    goodBits: work.group.goodBits,
    maskpt: work.maskpt,
    stackBudget,
    onImage: async (index: number, band: Band, data: DeviceBuffer) => {
      const { model, wcs } = library.exposures[index];
      await saved?.add(index, model.filename, wcs, band, data);
    },
  };
  const median = (): Promise<MedianBand[]> => directMedian(ctx, library, options);
  const bands = await timer.time("median", () => library.beside(stack, median));
  try {
    await saved?.median(bands, library.exposures[0].wcs, true);
    const { snr, flags } = work;
    const counts = await timer.time("flag", () =>
      flagAgainstOwnPixels(ctx, library, bands, { snr: snr[0], flags }),
    );
    return { counts, files: saved?.files ?? [] };
  } finally {
    for (const { buffer } of bands) buffer.free();
  }
}

function setStatus(library: ModelLibrary, status: "COMPLETE" | "SKIPPED"): void {
  for (const { model } of library.exposures) setNode(model.meta, `cal_step.${STEP}`, status);
}

/** What is held of the mosaic, NaN beyond: what the exposures reach and enough about it for the median to be read there, or all of it. */
function heldPart(
  library: ModelLibrary,
  grid: MosaicGrid,
  { group, fill }: Work,
  saved: Intermediates | undefined,
): Window {
  const [ny, nx] = grid.shape;
  // an image that is saved is saved whole
  if (!Number.isNaN(fill) || saved) return { x0: 0, y0: 0, nx, ny };
  return widened(reachedPart(library, grid, group), HELD_MARGIN, grid.shape);
}

function medianOf(
  ctx: RunContext,
  library: ModelLibrary,
  grid: MosaicGrid,
  { x0, y0, nx, ny }: Window,
  { group, fill, maskpt }: Work,
  saved: Intermediates | undefined,
): Promise<MedianBand[]> {
  const { gpu } = ctx;
  const groups = [...library.groupIndices().values()];
  const geometries = (index: number): ExposureGeometry[] =>
    groups[index].map((k) => geometryOf(library.exposures[k], grid, group));
  const rowsOf = (geometries: readonly ExposureGeometry[]): Band => {
    const reached = footprintOf(geometries, grid.shape);
    return { y0: Math.max(0, reached.y0 - y0), ny: reached.ny };
  };
  const ordinary = isOrdinary(grid.shape);
  const stackBudget = Math.min(STACK_SHARE * library.memory, ordinary ? Infinity : LARGE_STACK);
  const input: MedianInput = {
    shape: [ny, nx],
    groups: groups.length,
    maxRows: Math.min(ny, mostRows(gpu, nx)),
    maskpt,
    fill,
    stackBudget,
    // an image that is saved is saved whole
    rows: Number.isNaN(fill) && !saved ? (index) => rowsOf(geometries(index)) : undefined,
    async drizzle(index, band) {
      const at = { x0, nx, y0: y0 + band.y0, ny: band.ny };
      const sums = await drizzleExposures(ctx, library, groups[index], grid, at, group);
      const { data, weight } = sums;
      if (saved) {
        const rec = gpu.recorder("fill");
        fillEmpty(rec, { data, weight }, band.ny * nx, fill);
        rec.submit();
        const { filename } = library.exposures[groups[index][0]].model;
        await saved.add(index, filename, grid.wcs, band, data);
      }
      sums.free([data, weight]);
      ctx.progress(STEP, (MEDIAN_PROGRESS * (index + 1)) / groups.length);
      return { data, weight };
    },
  };
  const image = 4 * ny * nx;
  // beside a large stack there are the median and a group's weights
  const stack = Math.min(stackBudget, image * groups.length) + (ordinary ? 0 : 2 * image);
  return library.beside(stack, () => medianImage(gpu, input));
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
