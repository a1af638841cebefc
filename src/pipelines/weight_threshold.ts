import type { Gpu } from "../gpu/index.js";
import { type Clipped, clippedMean, type ClipSource, type ClipSums } from "../host/numerics/clipped_mean.js";
import { floatToKey, keyToFloat } from "../host/numerics/float_key.js";
import {
  type Interval,
  intervalsAround,
  meanAndStd,
  type Sums,
  SumsAndValues,
} from "../host/numerics/interval_sums.js";
import { WEIGHT_INTERVALS, weightSums } from "../shaders/outlier_detection/weights.js";
import { type Chunk, OrderStatistics, stridingGroups } from "./order_statistics.js";

/** Weights in a sample, about; so many are all listed. */
const SAMPLE = 2 ** 19;
/** More than one weight in so many are not listed. */
const LISTED_OF = 8;
const LEAST_LIST = 4096;
const LARGEST = 3.4028234663852886e38;
/** Of an interval without values. */
const NOTHING: Interval = [LARGEST, LARGEST];
const WORDS = 3 * WEIGHT_INTERVALS;

/**
 * The weight below which a drizzled pixel is left out of the median: `maskpt` times the sigma-clipped mean of the finite non-zero
 * weights (3 sigma about the median, at most 5 iterations, medians and bounds in float32); NaN where there are none.
 * A sample is clipped on the host first. One pass over all weights then sums what lies between the sample's bounds and medians and
 * lists what lies near them, and the clipping is done anew with these, exactly. What the sample misled about is found in further passes.
 * Source: stcal 1.20.0 outlier_detection/utils.py compute_weight_threshold, astropy 7.2.3 SigmaClip._sigmaclip_noaxis.
 */
export async function weightThreshold(gpu: Gpu, chunks: readonly Chunk[], maskpt: number): Promise<number> {
  const pixels = chunks.reduce((sum, { count }) => sum + count, 0);
  const every = Math.floor(pixels / SAMPLE) | 1; // odd, as widths mostly are not
  const listed = await pass(gpu, chunks, [], { every, room: Math.ceil(pixels / every) + 8 * chunks.length });
  const sample = listed.rest!;
  const values = new SumsAndValues([], [], 0, sample);
  // no intervals, nothing to cut
  const clipped = await clippedMean({
    within: (low, high) => values.within(low, high)!,
    at: (rank) => values.at(rank)!,
  });
  if (every === 1) return clipped.mean * maskpt;
  const known = sample.length ? await around(gpu, chunks, sample, clipped, every) : undefined;
  const centre = clipped.medians.at(-1) ?? 0;
  return (await clippedMean(new Passes(gpu, chunks, known, centre))).mean * maskpt;
}

/** All weights by sums and lists as a sample advises; undefined where too many would have to be listed. */
async function around(
  gpu: Gpu,
  chunks: readonly Chunk[],
  sample: Float32Array,
  clipped: Clipped,
  every: number,
): Promise<SumsAndValues | undefined> {
  const { intervals, outside } = intervalsAround(sample, clipped, WEIGHT_INTERVALS);
  if (outside * LISTED_OF > sample.length) return undefined;
  const room = LEAST_LIST + Math.ceil(1.25 * outside * every);
  const centre = clipped.medians.at(-1) ?? 0;
  const { sums, rest } = await pass(gpu, chunks, intervals, { room, centre });
  return rest && new SumsAndValues(intervals, sums, centre, rest);
}

/** Answers from what is known, and by passes of their own where it does not suffice. */
class Passes implements ClipSource {
  private readonly order: OrderStatistics;

  constructor(
    private readonly gpu: Gpu,
    private readonly chunks: readonly Chunk[],
    private readonly known: SumsAndValues | undefined,
    /** What sums are taken about: a value near the mean. */
    private centre: number,
  ) {
    this.order = new OrderStatistics(gpu, chunks, { mode: "nonzero" });
  }

  async within(low: number, high: number): Promise<ClipSums> {
    const known = this.known?.within(low, high);
    return known && !this.isDistant(known) ? known : this.summed(low, high);
  }

  async at(rank: number): Promise<number> {
    return this.known?.at(rank) ?? (await this.order.at(rank));
  }

  private async summed(low: number, high: number): Promise<ClipSums> {
    const { gpu, chunks, centre } = this;
    const intervals: Interval[] = [
      [-LARGEST, low],
      [Math.max(-LARGEST, neighbour(low, -1)), Math.min(LARGEST, neighbour(high, 1))],
    ];
    const [below, inside] = (await pass(gpu, chunks, intervals, { centre })).sums;
    const sums = { ...meanAndStd(inside, centre), count: inside.count, below: below.count };
    if (!this.isDistant(sums)) return sums;
    this.centre = Math.fround(sums.mean);
    return this.centre === centre ? sums : this.summed(low, high);
  }

  /** Sums about a distant value have lost what the deviation needs. */
  private isDistant({ mean, std }: ClipSums): boolean {
    return Math.abs(mean - this.centre) > 2 * std;
  }
}

/** The smallest float32 that is not below `value`: `w < value` is the same for a float32 w. */
export function nextFloat32(value: number): number {
  const rounded = Math.fround(value);
  return rounded < value ? neighbour(rounded, 1) : rounded;
}

/** The next float32 in that direction. */
function neighbour(value: number, direction: 1 | -1): number {
  return keyToFloat(floatToKey(value) + direction);
}

interface PassResult {
  /** Of each interval. */
  readonly sums: readonly Sums[];
  /** The weights in none of them, in no order; undefined where there was no room for all. */
  readonly rest: Float32Array | undefined;
}

/** One pass over one in `every` fours of the weights. */
async function pass(
  gpu: Gpu,
  chunks: readonly Chunk[],
  intervals: readonly Interval[],
  { every = 1, room = 0, centre = 0 }: { every?: number; room?: number; centre?: number },
): Promise<PassResult> {
  const limits = Array.from({ length: WEIGHT_INTERVALS }, (_, k) => intervals[k] ?? NOTHING).flat();
  const [limits0, limits1, limits2] = [0, 4, 8].map((k) => limits.slice(k, k + 4));
  const groups = chunks.map(({ count }) => stridingGroups(count / every));
  const total = WORDS * groups.reduce((sum, n) => sum + n, 0);
  const list = gpu.alloc("listed weights", 4 * (1 + room));
  const partials = gpu.alloc("sums of weights", 4 * total);
  try {
    const rec = gpu.recorder("weights").clear(list, 0, 4);
    let first = 0;
    chunks.forEach(({ values, count }, k) => {
      const params = { limits0, limits1, limits2, count, every, room, first, centre };
      rec.run(weightSums, { params, weights: values, list, partials }, [groups[k]]);
      first += WORDS * groups[k];
    });
    rec.submit();
    // asked for at once: what is submitted meanwhile would come before a second read
    const [words, values] = await Promise.all([
      gpu.read(partials, Uint32Array, 0, total),
      gpu.read(list, Float32Array),
    ]);
    const [listed] = new Uint32Array(values.buffer, 0, 1);
    const rest = listed <= room ? values.subarray(1, 1 + listed) : undefined;
    return { sums: sumsFrom(words), rest };
  } finally {
    list.free();
    partials.free();
  }
}

/** The workgroups' sums, added up in f64. */
function sumsFrom(words: Uint32Array): Sums[] {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  return Array.from({ length: WEIGHT_INTERVALS }, (_, k) => {
    let [count, sum, squares] = [0, 0, 0];
    for (let at = k; at < words.length; at += WORDS) {
      count += words[at];
      sum += floats[at + WEIGHT_INTERVALS];
      squares += floats[at + 2 * WEIGHT_INTERVALS];
    }
    return { count, sum, squares };
  });
}
