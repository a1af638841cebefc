import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import {
  BinnedWeights,
  type CoreRange,
  type KeyBins,
  narrowestRun,
} from "../host/numerics/binned_weights.js";
import { type Core, coreOf, rangesOf } from "../host/numerics/weight_core.js";
import { WEIGHT_BINS, weightBins, weightValues } from "../shaders/outlier_detection/weights.js";
import { type Chunk, stridingGroups } from "./order_statistics.js";

const SIGMA = 3;
const MAX_ITERATIONS = 5;
const LARGEST = 3.4028234663852886e38;
/** Bins of the first pass hold 2^20 keys, an eighth of an octave. */
const COARSE: KeyBins = { first: 0, shift: 20 };
const MAX_SUMMED_SHIFT = 16;
const WORKGROUP_WEIGHTS = 32768;
/** Share of the variance that may stay open within the bins. */
const OPEN = 1e-5;
/** Values outside of the bins, read back one by one: at most this share of all or this many; more where the bins must be narrow. */
const OUTSIDE_SHARE = 1 / 256;
const OUTSIDE = 65536;
const MOST_OUTSIDE = 2 ** 22;
/** Most values that a pass with a core lists, where it is expected to be the faster way. */
const MOST_LISTED = 2 ** 21;
/** Of images larger than this the first pass looks at a part, some rows of 1024 weights: it only says where the bins go. */
const SAMPLED_PIXELS = 2 ** 22;
const SAMPLE = 16;

/**
 * The weight below which a drizzled pixel is left out of the median: `maskpt` times the sigma-clipped mean of the finite non-zero
 * weights (3 sigma about the median, at most 5 iterations, medians and bounds in float32); NaN where there are none.
 * All iterations run on the host, on counts and exact sums over some thousand bins of the weights' float32 keys; weights in bins
 * that hold a bound or a median, and those far from the rest, are read one by one. Medians, counts and the mean are exact.
 * Source: stcal 1.20.0 outlier_detection/utils.py compute_weight_threshold, astropy 7.2.3 SigmaClip._sigmaclip_noaxis.
 */
export async function weightThreshold(gpu: Gpu, chunks: readonly Chunk[], maskpt: number): Promise<number> {
  const pixels = chunks.reduce((sum, { count }) => sum + count, 0);
  for (const every of pixels > SAMPLED_PIXELS ? [SAMPLE, 1] : [1]) {
    const coarse = await binPass(gpu, chunks, COARSE, { every });
    const quick = every > 1 ? await meanAroundCore(gpu, chunks, coarse, every) : undefined;
    const mean = quick ?? (await meanFrom(gpu, chunks, coarse, every));
    if (mean !== undefined) return mean * maskpt;
  }
  return NaN;
}

/**
 * The clipped mean by a look at one in `every` weights, which tells where bounds and medians lie, and one pass over all: values near
 * those are listed, the core between them is added up, and the rest goes to bins. Undefined where the look misled.
 */
async function meanAroundCore(
  gpu: Gpu,
  chunks: readonly Chunk[],
  coarse: BinPass,
  every: number,
): Promise<number | undefined> {
  const seen = sumOf(coarse.counts);
  const bins = narrowed(coarse, Math.max(1, Math.ceil(seen * (1 - OUTSIDE_SHARE))));
  if (seen === 0 || bins.shift > MAX_SUMMED_SHIFT) return undefined;
  const look = await binPass(gpu, chunks, bins, {
    room: OUTSIDE + Math.ceil(seen * OUTSIDE_SHARE * 2),
    every,
  });
  if (look.beyond > look.outside.length) return undefined;
  const core = coreOf(look, clip(new BinnedWeights(look, look.counts, look.sums, look.outside, new Set())));
  if (!core) return undefined;
  const listed = [...core.marked].reduce((sum, bin) => sum + look.counts[bin], look.beyond);
  if (listed * every > MOST_LISTED) return undefined;
  const pass = await binPass(gpu, chunks, bins, { room: 2 * listed * every + OUTSIDE, core });
  if (pass.beyond > pass.outside.length) return undefined;
  const { mean, open } = await clippedMean(gpu, chunks, pass, core);
  return open <= OPEN ? mean : undefined;
}

/** The clipped mean, its bins placed after a first pass over one in `every` weights; undefined where that found too few. */
async function meanFrom(
  gpu: Gpu,
  chunks: readonly Chunk[],
  coarse: BinPass,
  every: number,
): Promise<number | undefined> {
  let pass = coarse;
  let total = sumOf(coarse.counts) * every;
  if (total === 0) return undefined;
  for (let limit = Math.max(OUTSIDE, total * OUTSIDE_SHARE); ; limit *= 4) {
    const factor = pass === coarse ? every : 1;
    const bins = narrowed(pass, Math.max(1, Math.ceil((total - limit) / factor)));
    const beyond = total - sumOf(pass.counts.subarray(...bins.run)) * factor;
    const room = factor === 1 ? beyond : 2 * beyond + OUTSIDE;
    pass = await binPass(gpu, chunks, bins, { room });
    if (pass.beyond > room) return undefined;
    total = sumOf(pass.counts) + pass.beyond;
    const { mean, open } = await clippedMean(gpu, chunks, pass);
    if (open <= OPEN || limit >= Math.min(total, MOST_OUTSIDE)) return mean;
  }
}

/** The smallest float32 that is not below `value`: `w < value` is the same for a float32 w. */
export function nextFloat32(value: number): number {
  const rounded = Math.fround(value);
  if (!(rounded < value)) return rounded;
  const bits = new Int32Array(Float32Array.of(rounded).buffer);
  bits[0] += rounded < 0 ? -1 : 1;
  return new Float32Array(bits.buffer)[0];
}

interface BinPass extends KeyBins {
  readonly counts: Uint32Array;
  readonly sums: Float64Array;
  /** Weights outside of the bins and in marked ones, as far as there was room. */
  readonly outside: Float32Array;
  /** How many of them there are. */
  readonly beyond: number;
  readonly core: readonly CoreRange[];
}

function sumOf(counts: Uint32Array | readonly number[]): number {
  let sum = 0;
  for (const n of counts) sum += n;
  return sum;
}

/** Finer bins over the narrowest run of a pass's bins that holds `need` values. */
function narrowed(pass: BinPass, need: number): KeyBins & { readonly run: [number, number] } {
  const [from, to] = narrowestRun(pass.counts, Math.min(need, sumOf(pass.counts)));
  const size = 2 ** pass.shift;
  let shift = 0;
  while (WEIGHT_BINS * 2 ** shift < (to - from + 1) * size) shift++;
  return { first: pass.first + from * size, shift, run: [from, to + 1] };
}

/** One pass over all chunks, or one in `every` of their rows of 1024; `room`: for weights that are listed. */
async function binPass(
  gpu: Gpu,
  chunks: readonly Chunk[],
  { first, shift }: KeyBins,
  { room = 0, every = 1, core }: { room?: number; every?: number; core?: Core },
): Promise<BinPass> {
  const SUMS = shift <= MAX_SUMMED_SHIFT;
  // as few workgroups as the sums allow, but enough to fill a device
  const spans = chunks.map(({ count }) =>
    Math.min(WORKGROUP_WEIGHTS, Math.max(1024, Math.ceil(count / stridingGroups(count) / 1024) * 1024)),
  );
  const slots = chunks.map(({ count }, k) => Math.ceil(count / spans[k]));
  const bins = gpu.alloc("weight bins", 3 * WEIGHT_BINS * 4);
  const list = gpu.alloc("listed weights", (1 + room) * 4);
  const marks = gpu.upload("marked bins", marksOf(core?.marked ?? []));
  const partials = gpu.alloc("core of weights", sumOf(slots) * 32);
  try {
    const rec = gpu.recorder("weight bins").clear(bins).clear(list, 0, 4);
    chunks.forEach(({ values, count }, k) => {
      const slot = sumOf(slots.slice(0, k));
      const params = { ...NO_CORE, ...core?.params, count, first, shift, span: spans[k], every, slot };
      rec.run(weightBins, { params, weights: values, marks, bins, list, partials }, [slots[k]], { SUMS });
    });
    rec.submit();
    const words = await gpu.read(bins, Uint32Array, 0, 3 * WEIGHT_BINS);
    const [counts, low, high] = [0, 1, 2].map((k) => words.subarray(k * WEIGHT_BINS, (k + 1) * WEIGHT_BINS));
    const sums = Float64Array.from(low, (word, b) => word + high[b] * 2 ** 32);
    const ranges = core ? rangesOf(core, await gpu.read(partials, Uint32Array, 0, 8 * sumOf(slots))) : [];
    return { first, shift, counts, sums, ...(await listed(gpu, list, room)), core: ranges };
  } finally {
    for (const buffer of [bins, list, marks, partials]) buffer.free();
  }
}

const NO_CORE = { core: [0, 0, 0, 0], exponent: 0, origin: 0, centre: 0 };

function marksOf(bins: Iterable<number>): Uint32Array {
  const marks = new Uint32Array(WEIGHT_BINS / 32);
  for (const bin of bins) marks[bin >> 5] |= 1 << (bin & 31);
  return marks;
}

/** A list as the kernels write it: how many values, then those of them that there was room for. */
async function listed(
  gpu: Gpu,
  list: DeviceBuffer,
  room: number,
): Promise<{ beyond: number; outside: Float32Array }> {
  const words = await gpu.read(list, Uint32Array, 0, 1 + room);
  return { beyond: words[0], outside: new Float32Array(words.buffer, 4, Math.min(room, words[0])) };
}

/** The weights in some of a pass's bins. */
async function valuesIn(
  gpu: Gpu,
  chunks: readonly Chunk[],
  { first, shift, counts }: BinPass,
  chosen: ReadonlySet<number>,
): Promise<Float32Array> {
  const most = [...chosen].reduce((sum, bin) => sum + counts[bin], 0);
  const marked = gpu.upload("chosen bins", marksOf(chosen));
  const list = gpu.alloc("weights in bins", (1 + most) * 4);
  try {
    const rec = gpu.recorder("weights in bins").clear(list, 0, 4);
    for (const { values, count } of chunks) {
      const params = { count, first, shift };
      rec.run(weightValues, { params, weights: values, chosen: marked, values: list }, [
        stridingGroups(count),
      ]);
    }
    rec.submit();
    return (await listed(gpu, list, most)).outside;
  } finally {
    marked.free();
    list.free();
  }
}

interface Clipped {
  readonly mean: number;
  /** Largest share of a variance that the bins left open. */
  readonly open: number;
  readonly medians: readonly number[];
  /** Of each iteration. */
  readonly bounds: readonly (readonly [number, number])[];
}

/**
 * The clipped mean from a pass; bins that bounds and medians fall into are read until none is left. `open` is infinite where
 * one of them falls into the core.
 */
async function clippedMean(
  gpu: Gpu,
  chunks: readonly Chunk[],
  pass: BinPass,
  core?: Core,
): Promise<Pick<Clipped, "mean" | "open">> {
  const known = new Set(core?.marked);
  const values = [pass.outside];
  for (;;) {
    const all = new Float32Array(values.reduce((sum, part) => sum + part.length, 0));
    values.reduce((at, part) => (all.set(part, at), at + part.length), 0);
    const weights = new BinnedWeights(pass, pass.counts, pass.sums, all, known, pass.core);
    const result = clip(weights);
    const wanted = [...weights.wanted];
    if (wanted.some((bin) => bin >= WEIGHT_BINS)) return { mean: NaN, open: Infinity };
    if (wanted.length === 0 || result.open > OPEN) return result;
    // what is read moves bounds a little: the neighbours too
    const chosen = new Set(
      wanted
        .flatMap((bin) => [bin - 1, bin, bin + 1])
        .filter((bin) => pass.counts[bin] > 0 && !known.has(bin)),
    );
    values.push(await valuesIn(gpu, chunks, pass, chosen));
    for (const bin of chosen) known.add(bin);
  }
}

function clip(weights: BinnedWeights): Clipped {
  let [low, high] = [-LARGEST, LARGEST];
  let sums = weights.within(low, high);
  let open = sums.open;
  const medians: number[] = [];
  const bounds: [number, number][] = [];
  for (let iteration = 1; iteration <= MAX_ITERATIONS; iteration++) {
    const median = weights.median(sums.below, sums.count);
    const reach = Math.fround(Math.fround(sums.std) * SIGMA);
    low = Math.max(low, Math.fround(median - reach));
    high = Math.min(high, Math.fround(median + reach));
    medians.push(median);
    bounds.push([low, high]);
    const clipped = weights.within(low, high);
    if (clipped.count === 0) return { mean: NaN, open, medians, bounds };
    open = Math.max(open, clipped.open);
    const settled = clipped.count === sums.count;
    sums = clipped;
    if (settled) break;
  }
  return { mean: sums.mean, open, medians, bounds };
}
