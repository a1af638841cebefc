import type { Gpu } from "../gpu/index.js";
import { clippedMoments } from "../shaders/outlier_detection/median.js";
import { type Chunk, OrderStatistics, stridingGroups } from "./order_statistics.js";

const SIGMA = 3;
const MAX_ITERATIONS = 5;
const LARGEST = 3.4028234663852886e38;

interface Moments {
  readonly count: number;
  /** Values of the whole image below the bounds. */
  readonly below: number;
  readonly mean: number;
  readonly std: number;
}

/**
 * The weight below which a drizzled pixel is left out of the median: `maskpt` times the sigma-clipped mean of the finite non-zero
 * weights (3 sigma about the median, at most 5 iterations, medians and bounds in float32); NaN where there are none.
 * The medians are exact; sums are f32 within a workgroup about the first median, f64 over the workgroups.
 * Source: stcal 1.20.0 outlier_detection/utils.py compute_weight_threshold, astropy 7.2.3 SigmaClip._sigmaclip_noaxis.
 */
export async function weightThreshold(gpu: Gpu, chunks: readonly Chunk[], maskpt: number): Promise<number> {
  const order = new OrderStatistics(gpu, chunks, { mode: "nonzero" });
  const total = await order.count();
  if (total === 0) return NaN;
  let median = await order.median(0, total);
  const centre = median;
  let low = -LARGEST;
  let high = LARGEST;
  let moments = await momentsWithin(gpu, chunks, low, high, centre);
  for (let iteration = 1; iteration <= MAX_ITERATIONS; iteration++) {
    if (iteration > 1) median = await order.median(moments.below, moments.count);
    const reach = Math.fround(Math.fround(moments.std) * SIGMA);
    low = Math.max(low, Math.fround(median - reach));
    high = Math.min(high, Math.fround(median + reach));
    const clipped = await momentsWithin(gpu, chunks, low, high, centre);
    if (clipped.count === 0) return NaN;
    const settled = clipped.count === moments.count;
    moments = clipped;
    if (settled) break;
  }
  return moments.mean * maskpt;
}

/** The smallest float32 that is not below `value`: `w < value` is the same for a float32 w. */
export function nextFloat32(value: number): number {
  const rounded = Math.fround(value);
  if (!(rounded < value)) return rounded;
  const bits = new Int32Array(Float32Array.of(rounded).buffer);
  bits[0] += rounded < 0 ? -1 : 1;
  return new Float32Array(bits.buffer)[0];
}

async function momentsWithin(
  gpu: Gpu,
  chunks: readonly Chunk[],
  low: number,
  high: number,
  centre: number,
): Promise<Moments> {
  const groups = chunks.map(({ count }) => stridingGroups(count));
  const total = groups.reduce((sum, n) => sum + n, 0);
  const partials = gpu.alloc("clipped moments", total * 16);
  try {
    const rec = gpu.recorder("clipped moments");
    let first = 0;
    chunks.forEach(({ values, count }, i) => {
      rec.run(clippedMoments, { params: { count, first, low, high, centre }, weights: values, partials }, [
        groups[i],
      ]);
      first += groups[i];
    });
    rec.submit();
    return finish(await gpu.read(partials, Uint32Array, 0, total * 4), centre);
  } finally {
    partials.free();
  }
}

function finish(partials: Uint32Array, centre: number): Moments {
  const floats = new Float32Array(partials.buffer);
  let count = 0;
  let below = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < partials.length; i += 4) {
    count += partials[i];
    below += partials[i + 1];
    sum += floats[i + 2];
    squares += floats[i + 3];
  }
  const offset = sum / count;
  return {
    count,
    below,
    mean: centre + offset,
    std: Math.sqrt(Math.max(0, squares / count - offset * offset)),
  };
}
