import { UserError } from "../errors.js";

/**
 * Sky statistics of a set of pixels; source: stsci.imagestats 1.8.4 (ImageStats, computeMean.c, buildHistogram.c) as stcal
 * 1.20.0 skymatch/skystatistics.py calls it. The procedure is a generator: it asks for sums and counts over the pixels and
 * gets them from whoever holds the pixels, so that many sets can be measured in step.
 */
export type SkyStat = "mean" | "median" | "midpt" | "mode";

export interface StatOptions {
  readonly skystat: SkyStat;
  /** Pixels outside are left out; null: no limit. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** Clipping iterations. */
  readonly nclip: number;
  /** Clipping limits in sigma. */
  readonly lsigma: number;
  readonly usigma: number;
  /** Width of histogram bins in sigma. */
  readonly binwidth: number;
}

/** Sums over the pixels v with lo <= v <= hi (f32 values). */
export interface MomentsRequest {
  readonly kind: "moments";
  readonly lo: number;
  readonly hi: number;
  /** An f32 value near the mean. */
  readonly pivot: number;
}
export interface Moments {
  readonly count: number;
  /** Of v - pivot and its square, in f64. */
  readonly sum: number;
  readonly squares: number;
  /** Of the pixels within lo and hi; undefined meaning where count is 0. */
  readonly min: number;
  readonly max: number;
  /** Value of the set's first pixel in row-major order, within the limits or not. */
  readonly first: number;
}

/** Counts of trunc(scale * (v - min)) for min <= v < end, in f32 arithmetic; what rounding puts beyond the bins is not counted. */
export interface HistogramRequest {
  readonly kind: "histogram";
  readonly min: number;
  readonly end: number;
  readonly scale: number;
  readonly bins: number;
}
/** Counts of the byte at `shift` of the ordered keys of pixels with lo <= v <= hi whose higher bits equal `prefix`. */
export interface DigitsRequest {
  readonly kind: "digits";
  readonly lo: number;
  readonly hi: number;
  readonly shift: number;
  readonly prefix: number;
}
export type StatRequest = MomentsRequest | HistogramRequest | DigitsRequest;
export type StatAnswer = Moments | Uint32Array;
export type StatRun<T> = Generator<StatRequest, T, StatAnswer>;

/** A statistic and the number of pixels left by the clipping. */
export interface SkyValue {
  readonly sky: number;
  readonly npix: number;
}

const f32 = Math.fround;
const ALL = 3.4028234663852886e38;
/** 10 * numpy.finfo(float32).eps, below which a bin is no bin. */
const LEAST_WIDTH = f32(10 * 2 ** -23);
/** Beyond this many bins romancal's own memory ends. */
const MOST_BINS = 2 ** 24;

interface Clipped {
  readonly npix: number;
  readonly mean: number;
  readonly stddev: number;
  readonly min: number;
  readonly max: number;
  readonly lo: number;
  readonly hi: number;
}

/** The statistic of a set of pixels; undefined where there are none within the limits, a width is 0, or the result is not finite. */
export function* skyStatistic(options: StatOptions): StatRun<SkyValue | undefined> {
  if (options.lsigma <= 0 || options.usigma <= 0 || options.binwidth <= 0) return undefined;
  const clipped = yield* clip(options);
  if (!clipped) return undefined;
  const sky = yield* statistic(options, clipped);
  return Number.isFinite(sky) ? { sky, npix: clipped.npix } : undefined;
}

function* statistic({ skystat, nclip, binwidth }: StatOptions, c: Clipped): StatRun<number> {
  if (skystat === "mean") return c.mean;
  if (skystat === "median") return yield* nclip > 0 ? median(c.lo, c.hi) : median(-ALL, ALL);
  const histogram = yield* histogramOf(binwidth, c);
  return skystat === "mode" ? modeOf(histogram) : midptOf(histogram);
}

/** What {@link Moments} say, about the mean. */
interface Summary {
  readonly count: number;
  readonly mean: number;
  /** Sum of squares about the mean. */
  readonly squares: number;
  readonly min: number;
  readonly max: number;
  readonly first: number;
}

function* summary(lo: number, hi: number, pivot: number): StatRun<Summary> {
  const found = (yield { kind: "moments", lo, hi, pivot }) as Moments;
  const { count, min, max, first } = found;
  const shift = found.sum / count;
  const mean = pivot + shift;
  const squares = found.squares - found.sum * shift;
  // sums about a distant pivot have lost what the deviation needs: take them again about the mean
  if (shift * shift * count > 4 * squares && f32(mean) !== pivot) return yield* summary(lo, hi, f32(mean));
  return { count, mean, squares, min, max, first };
}

/** ImageStats._computeStats: the clipping loop. */
function* clip({ lower, upper, nclip, lsigma, usigma }: StatOptions): StatRun<Clipped | undefined> {
  const whole = yield* summary(-ALL, ALL, 0);
  if (whole.count === 0) return undefined;
  if (lower !== null && (f32(lower) > whole.max || (upper !== null && lower > upper))) return undefined;
  if (upper !== null && f32(upper) < whole.min) return undefined;
  const least = lower === null ? whole.min : f32(lower);
  const most = upper === null ? whole.max : f32(upper);
  const unlimited = lower === null && upper === null;
  let found = unlimited ? whole : yield* summary(least, most, f32(whole.mean));
  let [lo, hi] = [least, most];
  for (let iteration = 0; found.count > 0; iteration++) {
    const mean = f32(found.mean);
    const deviations = found.squares + found.count * (found.mean - mean) ** 2;
    const stddev = f32(Math.sqrt(deviations / (found.count - 1)));
    if (iteration === nclip) return { npix: found.count, mean, stddev, lo, hi, ...rangeOf(found, lo, hi) };
    // Python's max(a, b) and min(a, b): a, unless b is beyond it; NaN is not
    const [below, above] = [f32(mean - lsigma * stddev), f32(mean + usigma * stddev)];
    lo = below > least ? below : least;
    hi = above < most ? above : most;
    found = yield* summary(lo, hi, mean);
  }
  return undefined;
}

/** computeMean.c starts its minimum and maximum at the set's first pixel, or at the limit that this pixel is beyond. */
function rangeOf({ min, max, first }: Summary, lo: number, hi: number): { min: number; max: number } {
  return { min: first < lo ? lo : min, max: first > hi ? hi : max };
}

interface Histogram {
  readonly counts: Uint32Array;
  readonly min: number;
  /** binwidth * stddev: not the width the pixels were binned with, but the one that positions are computed with. */
  readonly width: number;
}

function* histogramOf(binwidth: number, { min, max, stddev }: Clipped): StatRun<Histogram> {
  const width = binwidth * stddev;
  const range = max - min;
  const single = f32(width) < LEAST_WIDTH || f32(Math.abs(range)) < LEAST_WIDTH || width > range;
  const bins = single ? 1 : Math.trunc(range / width) + 1;
  if (bins > MOST_BINS) {
    throw new UserError(
      `skymatch: a histogram of ${bins} bins of ${binwidth} sigma; choose a larger binwidth or nclip`,
    );
  }
  const binWidth = f32(single ? range : range / (bins - 1));
  const end = f32(min + f32(binWidth * bins));
  if (!(end > min)) return { counts: new Uint32Array(bins), min, width };
  const scale = f32(1 / binWidth);
  return { counts: (yield { kind: "histogram", min, end, scale, bins }) as Uint32Array, min, width };
}

/** The highest bin, moved by a parabola through it and its neighbours. */
function modeOf({ counts, min, width }: Histogram): number {
  const n = counts.length;
  if (n === 1) return min + 0.5 * width;
  if (n === 2) return min + width * (counts[0] > counts[1] ? 0.5 : counts[0] < counts[1] ? 1.5 : 1);
  let peak = 0;
  for (let i = 1; i < n; i++) if (counts[i] > counts[peak]) peak = i;
  if (peak === 0 || peak === n - 1) return min + (peak + 0.5) * width;
  const before = counts[peak] - counts[peak - 1];
  const after = counts[peak] - counts[peak + 1];
  if (before + after === 0) return min + (peak + 0.5) * width;
  return min + (peak + 1 + (0.5 * (before - after)) / (before + after) - 0.5) * width;
}

/** Where half of the pixels lie below, between bin edges; float32 where ImageStats is. */
function midptOf({ counts, min, width }: Histogram): number {
  if (counts.length === 1) return counts[0];
  let total = 0;
  const sums = Float32Array.from(counts, (count) => (total += count));
  const part = sums.map((sum) => f32(sum / sums[sums.length - 1]));
  const lo = part.findIndex((value) => value >= 0.5);
  if (lo < 0) return NaN;
  const edge = min + lo * width;
  const before = lo === 0 ? 0 : part[lo - 1];
  const step = f32(part[lo] - before);
  return step === 0 ? edge : edge + f32(f32(f32(0.5 - before) / step) * f32(width));
}

/** numpy.median of float32: the middle value, or the mean of the two. */
function* median(lo: number, hi: number): StatRun<number> {
  const { count } = (yield { kind: "moments", lo, hi, pivot: 0 }) as Moments;
  if (count === 0) return NaN;
  const upper = yield* ranked(lo, hi, count >> 1);
  if (count % 2 === 1) return upper;
  const lower = yield* ranked(lo, hi, (count >> 1) - 1);
  return f32(f32(lower + upper) / 2);
}

/** The value with `rank` values below it (or equal), byte by byte of its ordered key. */
function* ranked(lo: number, hi: number, rank: number): StatRun<number> {
  let prefix = 0;
  for (let shift = 24; shift >= 0; shift -= 8) {
    const counts = (yield { kind: "digits", lo, hi, shift, prefix }) as Uint32Array;
    let digit = 0;
    while (rank >= counts[digit]) rank -= counts[digit++];
    prefix = prefix * 256 + digit;
  }
  return valueOfKey(prefix);
}

/** Keys are the f32 bits with the sign flipped, or all bits where it was set: they ascend with the values. */
function valueOfKey(key: number): number {
  const bits = key >= 0x80000000 ? key - 0x80000000 : ~key >>> 0;
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}
