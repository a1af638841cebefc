import type { DeviceBuffer } from "../gpu/index.js";
import { nodeAt } from "../host/models/index.js";
import { blotSpans } from "../host/wcs/blot_spans.js";
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
import type { RunContext, Window } from "./context.js";
import type { Exposure, ExposurePlanes } from "./exposure.js";
import type { ModelLibrary } from "./library.js";
import type { MedianBand } from "./median_image.js";

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
  /** [ny, nx] */
  readonly shape: readonly [number, number];
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
  const tilesOf = (exposure: Exposure): BlotTiles => {
    const { map, pieces } = mapOf(exposure);
    return blotTiles({ inside: map.section, pieces, evaluate: (xs, ys) => map.grid(xs, ys) });
  };
  try {
    let tiles = tilesOf(library.exposures[0]);
    for (let index = 0; index < library.length; index++) {
      await library.with(
        index,
        async (exposure) => {
          const planes = await exposure.acquire(FLAGGED);
          try {
            const background = ownBackground(exposure) ?? options.backg;
            flagOne(ctx, planes, median, tiles, { ...options, background }, counts, index);
            exposure.dqChanged();
          } finally {
            exposure.release();
          }
        },
        FLAGGED,
      );
      const next = library.exposures.at(index + 1);
      if (next) tiles = tilesOf(next); // while the device computes
      ctx.progress("outlier_detection", 0.6 + (0.4 * (index + 1)) / library.length);
    }
    return [...(await gpu.read(counts, Uint32Array, 0, library.length))];
  } finally {
    counts.free();
  }
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
  tiles: BlotTiles,
  options: FlagOptions & { readonly background: number },
  counts: DeviceBuffer,
  counter: number,
): void {
  const { nx, ny, data, err, dq } = planes;
  const table = gpu.upload("blot tiles", tiles.table);
  const width = paddedWidth(nx);
  const strips = Math.ceil(ny / RUN_ROWS);
  // a NaN beyond the median's edges is no outlier, a number may be
  const everywhere = !Number.isNaN(options.fill);
  const { table: words, longest } = blotSpans(tiles, [nx, ny], RUN_ROWS, median.shape, everywhere);
  const spans = gpu.upload("blot spans", words);
  const blotted = gpu.alloc("blotted", width * ny * 4);
  const masks = gpu.alloc("outlier masks", width * strips * 4);
  const quads = [Math.max(1, Math.ceil(longest / 64)), strips] as const;
  const { x0, x1, y0, y1 } = tiles.inside;
  const rec = gpu.recorder("outliers").clear(masks);
  median.bands.forEach((band, k) => {
    const params = {
      size: [nx, ny],
      median_size: [median.shape[1], median.shape[0]],
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
