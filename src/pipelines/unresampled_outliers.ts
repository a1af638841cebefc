import { UserError } from "../host/errors.js";
import type { DeviceBuffer } from "../gpu/index.js";
import { flagDirect, unpack } from "../shaders/outlier_detection/direct.js";
import type { Band, RunContext } from "./context.js";
import { weighPixels } from "./drizzle.js";
import type { ModelLibrary } from "./library.js";
import { type DrizzledRows, type MedianBand, medianImage } from "./median_image.js";
import { stridingGroups } from "./order_statistics.js";

export interface DirectOptions {
  /** DQ bits that do not make a pixel bad; null: no pixel is bad. */
  readonly goodBits: number | null;
  readonly maskpt: number;
  /** Bytes that the stack of all exposures may take. */
  readonly stackBudget: number;
  /** Told of each image (or band of it) before pixels are left out; perhaps twice. */
  onImage(index: number, band: Band, data: DeviceBuffer): Promise<void>;
}

/** [ny, nx] of all exposures. Throws UserError where they differ. */
export function commonShape(library: ModelLibrary): readonly [number, number] {
  const [{ model }, ...others] = library.exposures;
  for (const other of others)
    if (other.nx !== model.shape[1] || other.ny !== model.shape[0])
      throw new UserError(
        `outlier_detection.resample_data=false: ${other.model.filename} has ${other.ny} x ${other.nx} pixels, ` +
          `${model.filename} ${model.shape.join(" x ")}; expected exposures of one shape`,
      );
  return model.shape;
}

/**
 * The NaN-median over the exposures as they are, pixel by pixel, those of low weight left out (romancal 1.0.1 outlier_detection/
 * outlier_detection.py _median_without_resampling). Weights are 1 / var_rnoise, or 1 where an exposure has none.
 */
export function directMedian(
  ctx: RunContext,
  library: ModelLibrary,
  { goodBits, maskpt, stackBudget, onImage }: DirectOptions,
): Promise<MedianBand[]> {
  const { gpu } = ctx;
  const shape = commonShape(library);
  return medianImage(gpu, {
    shape,
    groups: library.length,
    maxRows: shape[0],
    maskpt,
    stackBudget,
    async drizzle(index, band) {
      const image = await plainBand(ctx, library, index, band, goodBits);
      await onImage(index, band, image.data);
      return image;
    },
  });
}

function plainBand(
  { gpu }: RunContext,
  library: ModelLibrary,
  index: number,
  { y0, ny }: Band,
  goodBits: number | null,
): Promise<DrizzledRows> {
  return library.with(index, async (exposure) => {
    const planes = await exposure.acquire();
    try {
      const weighting = planes.varRnoise
        ? ({ type: "ivm" } as const)
        : ({ type: "exptime", time: 1 } as const);
      const rec = gpu.recorder("weights");
      const packed = weighPixels(gpu, rec, planes, { goodBits, weighting });
      const count = planes.nx * ny;
      const data = gpu.alloc("plain data", count * 4);
      const weight = gpu.alloc("plain weight", count * 4);
      const params = { first: planes.nx * y0, count };
      const buffers = { data: planes.data.buffer, packed, out_data: data, out_weight: weight };
      rec.run(unpack, { params, ...buffers }, [stridingGroups(count)]);
      rec.submit();
      packed.free();
      return { data, weight };
    } finally {
      exposure.release();
    }
  });
}

/** Flags what differs from the median by more than `snr` errors (stcal 1.20.0 flag_crs); returns how many in each exposure. */
export async function flagAgainstOwnPixels(
  { gpu, progress }: RunContext,
  library: ModelLibrary,
  bands: readonly MedianBand[],
  { snr, flags }: { readonly snr: number; readonly flags: number },
): Promise<number[]> {
  const counts: DeviceBuffer = gpu.alloc("outlier counts", library.length * 4);
  gpu.recorder("outlier counts").clear(counts).submit();
  try {
    for (let index = 0; index < library.length; index++) {
      await library.with(index, async (exposure) => {
        const { nx, data, err, dq } = await exposure.acquire();
        const rec = gpu.recorder("outliers");
        for (const { buffer: median, y0, ny } of bands) {
          const params = {
            first: nx * y0,
            count: nx * ny,
            half: err.half ? 1 : 0,
            snr,
            counter: index,
            flags,
          };
          const bindings = { params, data: data.buffer, err: err.buffer, median, dq, counts };
          rec.run(flagDirect, bindings, [stridingGroups(nx * ny)], { ALIGNED: (nx * y0) % 4 === 0 });
        }
        rec.submit();
        exposure.dqChanged();
        exposure.release();
      });
      progress("outlier_detection", 0.6 + (0.4 * (index + 1)) / library.length);
    }
    return [...(await gpu.read(counts, Uint32Array, 0, library.length))];
  } finally {
    counts.free();
  }
}
