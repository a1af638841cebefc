import type { Gpu } from "../gpu/index.js";
import { meanAndMax } from "../shaders/resample/mean_and_max.js";
import { type Chunk, type LazyChunk, OrderStatistics } from "./order_statistics.js";

/** Values a workgroup adds up: few enough a lane that f32 sums keep 1e-6. */
const VALUES_PER_WORKGROUP = 4096;
const MAX_WORKGROUPS = 16384;
const MAD_TO_SIGMA = 1.482602218505602;

export interface SumAndMax {
  readonly count: number;
  readonly sum: number;
  /** 0 where nothing is above 0. */
  readonly max: number;
}

/** Count, sum and maximum of the values above 0; sums f32 within a workgroup, f64 over them. */
export async function sumAndMaxAboveZero(gpu: Gpu, chunks: readonly Chunk[]): Promise<SumAndMax> {
  const groups = chunks.map(({ count }) =>
    Math.min(MAX_WORKGROUPS, Math.max(1, Math.ceil(count / VALUES_PER_WORKGROUP))),
  );
  const total = groups.reduce((sum, n) => sum + n, 0);
  const partials = gpu.alloc("mean and max", total * 16);
  try {
    const rec = gpu.recorder("mean and max");
    let first = 0;
    chunks.forEach(({ values, count }, i) => {
      rec.run(meanAndMax, { params: { count, first }, values, partials }, [groups[i]]);
      first += groups[i];
    });
    rec.submit();
    const words = await gpu.read(partials, Uint32Array, 0, total * 4);
    const floats = new Float32Array(words.buffer);
    let [count, sum, max] = [0, 0, 0];
    for (let i = 0; i < words.length; i += 4) {
      count += words[i];
      sum += floats[i + 1];
      max = Math.max(max, floats[i + 2]);
    }
    return { count, sum, max };
  } finally {
    partials.free();
  }
}

/** `meta.statistics` of a mosaic. */
export interface MosaicStatistics {
  readonly image_median: number;
  readonly image_rms: number;
  readonly good_pixel_fraction: number;
}

/**
 * Median and scaled median absolute deviation of the finite pixels with an error above 0, and their share of all `pixels`; NaN, NaN and 0
 * where there are none. Chunks hold data as values and err as guards, and all pixels that may count. Source: romancal 1.0.1
 * lib/statistics.py.
 */
export async function mosaicStatistics(
  gpu: Gpu,
  chunks: readonly (Chunk | LazyChunk)[],
  pixels = chunks.reduce((sum, chunk) => sum + chunk.count, 0),
): Promise<MosaicStatistics> {
  const order = new OrderStatistics(gpu, chunks, { mode: "guarded" });
  const count = await order.count();
  if (count === 0) return { image_median: NaN, image_rms: NaN, good_pixel_fraction: 0 };
  const median = await order.median(0, count);
  const deviations = new OrderStatistics(gpu, chunks, { mode: "deviation", centre: median });
  return {
    image_median: median,
    image_rms: Math.fround((await deviations.median(0, count)) * MAD_TO_SIGMA),
    good_pixel_fraction: count / pixels,
  };
}
