import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import { UserError } from "../../host/errors.js";
import { clipRangeOfKeys, clipRangeOfWindow, type Range } from "../../host/numerics/clip_range.js";
import { fillMesh, medianFilterMesh } from "../../host/numerics/mesh.js";
import {
  binWindow,
  type BinWindow,
  OutsideWindowError,
  PART_WORDS,
  partsToValues,
  RankedBins,
} from "../../host/numerics/ranked_bins.js";
import { type ClipResult, sigmaClip } from "../../host/numerics/sigma_clip.js";
import {
  backgroundCoarse,
  backgroundFine,
  backgroundParts,
  backgroundSums,
  CHUNK_ROWS,
  SUMS_A_GROUP,
} from "../../shaders/source_catalog/background.js";
import {
  type Batch,
  type BoxGrid,
  type BoxImage,
  chunksOf,
  overRows,
  piecesOf,
  SUB,
} from "./background_rows.js";
import type { BackgroundMesh } from "./types.js";

const SIGMA = 3; // romancal's SigmaClip(sigma=3.0, stdfunc="mad_std")
const MAXITERS = 5; // astropy's default
const EXCLUDE_PERCENTILE = 10; // photutils' default
const BATCH_BOXES = 512;
const BATCH_COUNTS = 1 << 23;
const MAX_BINS = 65536; // times SUB it is 2^24: f32 tells the parts apart
const MIN_BINS = 1024;
const MAX_WINDOWS = 40; // each widening trebles one
const WORTH_NARROWING = 4;
const SAMPLE_STEP = CHUNK_ROWS; // one row of eight tells where a large box's values lie
const SAMPLE_LEAST = 4096; // pixels
const EMPTY_RANGE: Range = [0, 1]; // for boxes without pixels

/** Statistics of a box's clipped pixels; NaN and 0 where none survives. */
export interface BoxStatistics {
  readonly median: number;
  readonly std: number;
  readonly count: number;
}

/**
 * The background mesh of romancal 1.0.1 source_catalog/_background.py: photutils 3.1.1 Background2D with the median of
 * each box's pixels, sigma clipped by the scaled median absolute deviation, and their standard deviation; boxes left with
 * less than 90 percent of a whole box's pixels filled from their neighbours; a 3 x 3 median filter. Where no box is good,
 * the whole image is one box. Undefined where all pixels are masked.
 * @param box edge of the boxes in pixels; no more than the image's own
 */
export async function backgroundMesh(
  gpu: Gpu,
  image: BoxImage,
  box: number,
): Promise<BackgroundMesh | undefined> {
  const { nx, ny } = image;
  const grid = { image, boxWidth: Math.min(box, nx), boxHeight: Math.min(box, ny) };
  const least = (1 - EXCLUDE_PERCENTILE / 100) * grid.boxWidth * grid.boxHeight;
  const mesh = meshOf(grid, await boxStatistics(gpu, grid), least);
  if (mesh) return mesh;
  const whole = { image, boxWidth: nx, boxHeight: ny };
  return meshOf(whole, await boxStatistics(gpu, whole), 0);
}

function meshOf(grid: BoxGrid, boxes: readonly BoxStatistics[], least: number): BackgroundMesh | undefined {
  const nx = Math.ceil(grid.image.nx / grid.boxWidth);
  const good = boxes.map(({ count }) => count > 0 && count >= least);
  if (!good.includes(true)) return undefined;
  const finish = (values: readonly number[]): Float32Array =>
    medianFilterMesh(
      fillMesh(
        Float32Array.from(values, (value, i) => (good[i] ? value : NaN)),
        nx,
      ),
      nx,
    );
  return {
    nx,
    ny: boxes.length / nx,
    box: [grid.boxHeight, grid.boxWidth],
    background: finish(boxes.map(({ median }) => median)),
    rms: finish(boxes.map(({ std }) => std)),
  };
}

/**
 * Sigma-clipped median and standard deviation of every box's unmasked pixels, row-major; boxes cut off at the right and
 * top are their own. Medians and bounds are exact order statistics of the pixels, from integer histograms on the device.
 */
export async function boxStatistics(gpu: Gpu, grid: BoxGrid): Promise<BoxStatistics[]> {
  const { image, boxWidth, boxHeight } = grid;
  const boxesX = Math.ceil(image.nx / boxWidth);
  const boxesY = Math.ceil(image.ny / boxHeight);
  const pixels = boxWidth * boxHeight;
  const bins = Math.min(MAX_BINS, Math.max(MIN_BINS, 2 ** Math.ceil(Math.log2(pixels))));
  const held = Math.floor(Math.min(BATCH_BOXES, BATCH_COUNTS / bins) / boxesX);
  const boxRows = Math.max(1, Math.min(held, Math.floor(image.mostRows / boxHeight)));
  const result: BoxStatistics[] = [];
  for (let first = 0; first < boxesY; first += boxRows) {
    const count = Math.min(boxRows, boxesY - first);
    const y0 = first * boxHeight;
    const rows = Math.min(image.ny - y0, count * boxHeight);
    const pieces = piecesOf(rows, boxHeight, image.mostRows);
    const bound = pieces.length === 1 ? await image.load(y0, rows) : undefined;
    const batch = { grid, pieces, bound, y0, rows, boxesX, boxes: boxesX * count, bins };
    result.push(...(await batchStatistics(gpu, batch)));
    bound?.free();
  }
  return result;
}

async function batchStatistics(gpu: Gpu, batch: Batch): Promise<BoxStatistics[]> {
  const coarse = await coarseCounts(gpu, batch);
  const shift = 32 - Math.log2(batch.bins);
  let ranges = coarse.map((counts) => clipRangeOfKeys(counts, shift, SIGMA) ?? EMPTY_RANGE);
  for (let attempt = 0; attempt < MAX_WINDOWS; attempt++) {
    const windows = ranges.map((range) => binWindow(range, batch.bins, SUB));
    const counts = await fineCounts(gpu, batch, windows);
    const narrower = counts.map((fine, i) => narrowed(ranges[i], clipRangeOfWindow(fine, windows[i], SIGMA)));
    if (attempt === 0 && narrower.some((range, i) => range !== ranges[i])) {
      ranges = narrower;
      continue;
    }
    const outside = new Set<number>();
    const views = counts.map((fine, i) => new RankedBins(fine, windows[i]));
    const clips = await clipBoxes(gpu, batch, views, outside);
    if (!outside.size) return momentsOf(gpu, batch, clips);
    ranges = ranges.map((range, i) => (outside.has(i) ? widened(range) : range));
  }
  throw new UserError(
    "source_catalog: pixel values span more than f32 can tell apart; check the mosaic's data",
  );
}

/** The new range where it is much narrower: its bins then tell more values apart. */
function narrowed(range: Range, next: Range = range): Range {
  return (next[1] - next[0]) * WORTH_NARROWING < range[1] - range[0] ? next : range;
}

function widened([from, to]: Range): Range {
  return [from - (to - from), to + (to - from)];
}

/** Counts by leading key bits; of a sample of the rows where that leaves every box pixels enough. */
async function coarseCounts(gpu: Gpu, batch: Batch): Promise<Uint32Array[]> {
  const { boxWidth, boxHeight } = batch.grid;
  const shift = 32 - Math.log2(batch.bins);
  const count = (rowStep: number): Promise<Uint32Array[]> =>
    histograms(gpu, batch, (counts) =>
      overRows(gpu, "background coarse", batch, (rec, { params, ...planes }, groups) =>
        rec.run(backgroundCoarse, { params: { ...params, shift, rowStep }, ...planes, counts }, groups),
      ),
    );
  if (boxWidth * boxHeight >= 4 * SAMPLE_STEP * SAMPLE_LEAST) {
    const sampled = await count(SAMPLE_STEP);
    if (sampled.every((counts) => counts.reduce((a, b) => a + b, 0) >= SAMPLE_LEAST)) return sampled;
  }
  return count(1);
}

/** Run a histogram kernel and give its counts box by box. */
async function histograms(
  gpu: Gpu,
  { boxes, bins }: Batch,
  run: (counts: DeviceBuffer) => Promise<void>,
): Promise<Uint32Array[]> {
  const buffer = gpu.alloc("background histograms", 4 * boxes * bins);
  gpu.recorder("background histograms").clear(buffer).submit();
  await run(buffer);
  const all = await gpu.read(buffer, Uint32Array, 0, boxes * bins);
  buffer.free();
  return Array.from({ length: boxes }, (_, i) => all.subarray(i * bins, (i + 1) * bins));
}

async function fineCounts(gpu: Gpu, batch: Batch, windows: readonly BinWindow[]): Promise<Uint32Array[]> {
  const device = uploadWindows(gpu, windows);
  const result = await histograms(gpu, batch, (counts) =>
    overRows(gpu, "background fine", batch, (rec, bound, groups) =>
      rec.run(backgroundFine, { ...bound, windows: device, counts }, groups),
    ),
  );
  device.free();
  return result;
}

function uploadWindows(gpu: Gpu, windows: readonly BinWindow[]): DeviceBuffer {
  return gpu.upload("background windows", Float32Array.from(windows.flatMap(({ lo, scale }) => [lo, scale])));
}

/**
 * Clip every box. Bins whose values matter are refined on the device until no box asks for more; a box that asks for
 * values beyond its window is added to `outside`.
 */
async function clipBoxes(
  gpu: Gpu,
  batch: Batch,
  views: readonly RankedBins[],
  outside: Set<number>,
): Promise<(ClipResult | undefined)[]> {
  const results: (ClipResult | undefined)[] = [];
  let open = views.map((_, i) => i);
  while (open.length) {
    for (const i of open) results[i] = clipOne(views[i], () => outside.add(i));
    open = open.filter((i) => views[i].wanted.size && !outside.has(i));
    if (open.length) await refine(gpu, batch, views, open);
  }
  return results;
}

function clipOne(view: RankedBins, beyond: () => void): ClipResult | undefined {
  try {
    return sigmaClip(view, SIGMA, MAXITERS);
  } catch (error) {
    if (!(error instanceof OutsideWindowError)) throw error;
    beyond();
    return undefined;
  }
}

/** Get the values of the wanted bins of the `open` boxes. */
async function refine(
  gpu: Gpu,
  batch: Batch,
  views: readonly RankedBins[],
  open: readonly number[],
): Promise<void> {
  const wanted = open.flatMap((box) => views[box].toRefine().map((bin) => ({ box, bin })));
  const table = new Uint32Array(batch.boxes * batch.bins);
  wanted.forEach(({ box, bin }, slot) => (table[box * batch.bins + bin] = slot + 1));
  const slots = gpu.upload("background slots", table);
  const idle: BinWindow = { ...views[0].window, scale: 0 }; // the kernel passes these boxes by
  const asking = new Set(wanted.map(({ box }) => box));
  const windows = uploadWindows(
    gpu,
    views.map(({ window }, box) => (asking.has(box) ? window : idle)),
  );
  const words = PART_WORDS * SUB;
  const parts = gpu.alloc("background parts", 4 * words * wanted.length);
  gpu.recorder("background parts").clear(parts).submit();
  await overRows(gpu, "background parts", batch, (rec, bound, groups) =>
    rec.run(backgroundParts, { ...bound, windows, slots, parts }, groups),
  );
  const all = await gpu.read(parts, Uint32Array, 0, words * wanted.length);
  wanted.forEach(({ box, bin }, slot) =>
    views[box].refine(bin, partsToValues(all.subarray(slot * words, (slot + 1) * words))),
  );
  for (const buffer of [slots, windows, parts]) buffer.free();
}

/** Standard deviations about the mean of the pixels within each box's bounds; f32 partial sums, f64 totals. */
async function momentsOf(
  gpu: Gpu,
  batch: Batch,
  clips: readonly (ClipResult | undefined)[],
): Promise<BoxStatistics[]> {
  const chunks = chunksOf(batch.grid);
  const rows = clips.flatMap((clip) =>
    clip ? [clip.median, roundUp(clip.lower), -roundUp(-clip.upper), 0] : [0, 1, -1, 0],
  );
  const bounds = gpu.upload("background bounds", Float32Array.from(rows));
  const partials = chunks * SUMS_A_GROUP;
  const sums = gpu.alloc("background sums", 8 * partials * batch.boxes);
  await overRows(gpu, "background sums", batch, (rec, bound, groups) =>
    rec.run(backgroundSums, { ...bound, bounds, sums }, groups),
  );
  const all = await gpu.read(sums, Float32Array, 0, 2 * partials * batch.boxes);
  bounds.free();
  sums.free();
  return clips.map((clip, box) => {
    if (!clip) return { median: NaN, std: NaN, count: 0 };
    let [first, second] = [0, 0];
    for (let i = box * partials; i < (box + 1) * partials; i++) {
      first += all[2 * i];
      second += all[2 * i + 1];
    }
    const variance = second / clip.count - (first / clip.count) ** 2;
    return { median: clip.median, std: Math.sqrt(Math.max(0, variance)), count: clip.count };
  });
}

/** The least f32 number not below x. */
function roundUp(x: number): number {
  const f = Math.fround(x);
  if (f >= x) return f;
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, f);
  view.setInt32(0, view.getInt32(0) + (f < 0 ? -1 : 1));
  return f === 0 ? 2 ** -149 : view.getFloat32(0);
}
