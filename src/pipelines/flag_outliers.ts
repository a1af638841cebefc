import type { DeviceBuffer } from "../gpu/index.js";
import { nodeAt } from "../host/models/index.js";
import { type BlotSpans, blotSpans } from "../host/wcs/blot_spans.js";
import { blotTiles, type BlotTiles, type GridMap } from "../host/wcs/blot_tiles.js";
import type { PixelMap } from "../host/wcs/pixmap.js";
import {
  blot,
  flagOutliers,
  paddedWidth,
  RUN_ROWS,
  threshold,
  thresholdFactors,
} from "../shaders/outlier_detection/flag.js";
import type { Band, RunContext, Window } from "./context.js";
import type { Exposure, ExposurePlanes } from "./exposure.js";
import type { ModelLibrary } from "./library.js";
import type { MedianBand } from "./median_image.js";
import type { MosaicGrid } from "./mosaic_grid.js";
import { RoughPlace } from "./rough_place.js";

const FLAGGED = ["data", "err", "dq"] as const;

/** How outliers are told: multiples of the error and of the derivative in the first and second pass. */
export interface FlagOptions {
  readonly snr: readonly [number, number];
  readonly scale: readonly [number, number];
  /** Background of exposures that have none of their own, MJy/sr. */
  readonly backg: number;
  /** Value of pixels that fall off the median image. */
  readonly fill: number;
  /** What is set in DQ. */
  readonly flags: number;
}

/** The median image on the device. */
export interface Median {
  readonly grid: MosaicGrid;
  /** What `bands` hold of it, their rows counted from its first; NaN beyond. */
  readonly held: Window;
  readonly bands: readonly MedianBand[];
}

/**
 * Flags the outliers of every exposure against the median image read at its pixels; returns how many there were in each.
 * Source: romancal 1.0.1 outlier_detection/outlier_detection.py _flag_resampled_model_crs, stcal 1.20.0 outlier_detection/utils.py
 * gwcs_blot, flag_resampled_crs.
 */
export async function flagAgainstMedian(
  ctx: RunContext,
  library: ModelLibrary,
  median: Median,
  mapOf: (exposure: Exposure) => { readonly map: PixelMap; readonly pieces?: GridMap["pieces"] },
  options: FlagOptions,
): Promise<number[]> {
  const { gpu } = ctx;
  const counts = gpu.alloc("outlier counts", library.length * 4);
  gpu.recorder("outlier counts").clear(counts).submit();
  // a NaN beyond the median's edges is no outlier, a number may be
  const everywhere = !Number.isNaN(options.fill);
  const { grid, held } = median;
  const viewOf = (exposure: Exposure): View => {
    const { map, pieces } = mapOf(exposure);
    const evaluate: GridMap["evaluate"] = (xs, ys) => map.grid(xs, ys);
    const near = everywhere ? undefined : RoughPlace.of(exposure, grid).rowsNear(held);
    const tiles = blotTiles({ inside: map.section, pieces, evaluate }, near);
    const spans = blotSpans(tiles, [exposure.nx, exposure.ny], RUN_ROWS, grid.shape, everywhere);
    return { tiles, spans, rows: everywhere ? undefined : rowsOf(spans) };
  };
  try {
    let view = viewOf(library.exposures[0]);
    for (let index = 0; index < library.length; index++) {
      const { rows } = view;
      if (rows?.ny !== 0)
        await library.with(
          index,
          async (exposure) => {
            const planes = await exposure.acquire(FLAGGED, rows);
            try {
              const background = ownBackground(exposure) ?? options.backg;
              flagOne(ctx, planes, median, view, { ...options, background }, counts, index);
              exposure.dqChanged();
            } finally {
              exposure.release();
            }
          },
          FLAGGED,
          rows,
          (next) => rows && RoughPlace.of(library.exposures[next], grid).rowsUnder(held),
        );
      const next = library.exposures.at(index + 1);
      if (next) view = viewOf(next); // while the device computes
      ctx.progress("outlier_detection", 0.6 + (0.4 * (index + 1)) / library.length);
    }
    return [...(await gpu.read(counts, Uint32Array, 0, library.length))];
  } finally {
    counts.free();
  }
}

/** How an exposure sees the median image. */
interface View {
  readonly tiles: BlotTiles;
  readonly spans: BlotSpans;
  /** Those of the exposure that may see any of it, `ny` 0 where none do; undefined: all. */
  readonly rows: Band | undefined;
}

/** The rows of the strips that have pixels to be read. */
function rowsOf({ table }: BlotSpans): Band {
  const read = Array.from(
    { length: table.length / 4 },
    (_, strip) => table[4 * strip] < table[4 * strip + 1],
  );
  const first = read.indexOf(true);
  if (first < 0) return { y0: 0, ny: 0 };
  return { y0: RUN_ROWS * first, ny: RUN_ROWS * (read.lastIndexOf(true) + 1 - first) };
}

/** The level that skymatch found and did not subtract. */
function ownBackground({ model }: Exposure): number | undefined {
  if (nodeAt(model.meta, "background.subtracted") !== false) return undefined;
  return model.metadata.optionalNumber("background.level");
}

function flagOne(
  { gpu }: RunContext,
  planes: ExposurePlanes,
  median: Median,
  { tiles, spans: { table: words, longest } }: View,
  options: FlagOptions & { readonly background: number },
  counts: DeviceBuffer,
  counter: number,
): void {
  const { nx, ny, data, err, dq } = planes;
  const table = gpu.upload("blot tiles", tiles.table);
  const width = paddedWidth(nx);
  const strips = Math.ceil(ny / RUN_ROWS);
  const spans = gpu.upload("blot spans", words);
  const blotted = gpu.alloc("blotted", width * ny * 4);
  const masks = gpu.alloc("outlier masks", width * strips * 4);
  const quads = [Math.max(1, Math.ceil(longest / 64)), strips] as const;
  const { x0, x1, y0, y1 } = tiles.inside;
  const rec = gpu.recorder("outliers").clear(masks);
  median.bands.forEach((band, k) => {
    const params = {
      size: [nx, ny],
      median_size: [median.grid.shape[1], median.grid.shape[0]],
      held: [median.held.x0, median.held.y0, median.held.nx, median.held.ny],
      band: [median.held.y0 + band.y0, band.ny],
      tiles: tiles.tiles,
      inside: [x0, x1, y0, y1],
      step: tiles.step,
      fill: options.fill,
      first: k === 0 ? 1 : 0,
    };
    rec.run(blot, { params, tiles: table, median: band.buffer, spans, blotted }, quads, {
      ALIGNED: tiles.aligned,
    });
  });
  const size = [nx, ny];
  const { background, flags, snr, scale } = options;
  const params = { size, half: err.half ? 1 : 0, background, ...thresholdFactors(snr, scale) };
  rec.run(threshold, { params, data: data.buffer, err: err.buffer, blotted, spans, masks }, quads, {
    ALIGNED: width === nx,
  });
  rec.run(flagOutliers, { params: { size, counter, flags }, masks, dq, counts }, [
    Math.ceil(nx / 64),
    strips,
  ]);
  rec.submit();
  table.free();
  spans.free();
  blotted.free();
  masks.free();
}
