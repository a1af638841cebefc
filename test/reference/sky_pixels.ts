import type { StatAnswer, StatRequest, StatRun } from "../../src/host/numerics/imagestats.js";

/** What shaders/skymatch/moments.wgsl and histogram.wgsl answer, over a plain list of pixels, sums in f64. */
export function answerFor(pixels: Float32Array, request: StatRequest): StatAnswer {
  if (request.kind === "histogram") return histogram(pixels, request);
  if (request.kind === "digits") return digits(pixels, request);
  const { lo, hi, pivot } = request;
  let [count, sum, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (const v of pixels) {
    if (!(v >= lo && v <= hi)) continue;
    const away = v - pivot;
    count++;
    sum += away;
    squares += away * away;
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  return { count, sum, squares, min, max, first: pixels.length ? pixels[0] : NaN };
}

function histogram(
  pixels: Float32Array,
  { min, end, scale, bins }: Extract<StatRequest, { kind: "histogram" }>,
): Uint32Array {
  const counts = new Uint32Array(bins);
  for (const v of pixels) {
    const bin = Math.trunc(Math.fround(scale * Math.fround(v - min)));
    if (v >= min && v < end && bin < bins) counts[bin]++;
  }
  return counts;
}

function digits(
  pixels: Float32Array,
  { lo, hi, shift, prefix }: Extract<StatRequest, { kind: "digits" }>,
): Uint32Array {
  const counts = new Uint32Array(256);
  const inside = pixels.filter((v) => v >= lo && v <= hi);
  for (const word of new Uint32Array(inside.buffer)) {
    const key = word >= 0x80000000 ? ~word >>> 0 : word + 0x80000000;
    if (Math.floor(key / 2 ** (shift + 8)) === prefix) counts[(key >>> shift) & 255]++;
  }
  return counts;
}

/** Run a statistic to its end over a list of pixels. */
export function runOver<T>(pixels: Float32Array, run: StatRun<T>): T {
  let state = run.next();
  while (!state.done) state = run.next(answerFor(pixels, state.value));
  return state.value;
}

/** The pixels of fixtures/skymatch/make.py: sums of four uniform numbers about a level, every `stars`-th times a hundred. */
export function goldenPixels(
  seed: number,
  n: number,
  level: number,
  noise: number,
  stars: number,
): Float32Array {
  let state = seed;
  return Float32Array.from({ length: n }, (_, i) => {
    let total = 0;
    for (let k = 0; k < 4; k++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      total += state / 2 ** 32;
    }
    const value = level + noise * (total - 2);
    return i % stars === 0 ? value * 100 : value;
  });
}
