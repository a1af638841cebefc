/** How values become grey: "asinh" shows faint and bright, "zscale" spends the greys on the sky, "linear" on the whole range. */
export const STRETCHES = ["asinh", "zscale", "linear"] as const;
export type Stretch = (typeof STRETCHES)[number];

export interface StretchOptions {
  /** Default "asinh". */
  readonly stretch?: Stretch;
  /** Grey level 0 is `black`, level 255 `white`, in the data's units; default: from the data. */
  readonly black?: number;
  readonly white?: number;
}

const SOFTENING = 0.03;
const SAMPLES = 200_000;

/** Grey levels; 0 where a value is not finite. */
export function greys(image: Float32Array, { stretch = "asinh", black, white }: StretchOptions): Uint8Array {
  const [from, to] =
    stretch === "asinh" ? asinhLimits(image) : stretch === "zscale" ? zscale(image) : range(image);
  const low = black ?? from;
  const high = (white ?? to) > low ? (white ?? to) : low + Math.max(Math.abs(low) * 1e-6, 1e-30);
  const scale = Math.asinh(1 / SOFTENING);
  return Uint8Array.from(image, (value) => {
    if (!Number.isFinite(value)) return 0;
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return Math.round(255 * (stretch === "asinh" ? Math.asinh(share / SOFTENING) / scale : share));
  });
}

/** Finite values, at most SAMPLES of them, evenly taken, sorted. */
function sortedSample(image: Float32Array): Float32Array {
  const finite = image.filter(Number.isFinite);
  const stride = Math.max(1, Math.floor(finite.length / SAMPLES));
  return (stride === 1 ? finite : finite.filter((_, i) => i % stride === 0)).sort();
}

function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function range(image: Float32Array): [number, number] {
  const sorted = sortedSample(image);
  return [quantile(sorted, 0.001), quantile(sorted, 0.999)];
}

/** From a little below the sky to the brightest of a thousand values. */
function asinhLimits(image: Float32Array): [number, number] {
  const sorted = sortedSample(image);
  const median = quantile(sorted, 0.5);
  const sigma = Math.max(median - quantile(sorted, 0.16), 1e-30);
  return [median - 1.5 * sigma, Math.max(quantile(sorted, 0.999), median + 30 * sigma)];
}

const ZSCALE = { samples: 1000, contrast: 0.25, maxReject: 0.5, minPixels: 5, reject: 2.5, iterations: 5 };

/**
 * IRAF's zscale: limits from a line fitted to sorted samples, outliers left out.
 * Source: astropy 7.2 visualization/interval.py ZScaleInterval, its defaults.
 */
export function zscale(image: Float32Array): [low: number, high: number] {
  const finite = image.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const stride = Math.max(1, Math.floor(finite.length / ZSCALE.samples));
  const samples = Float64Array.from(
    { length: Math.min(ZSCALE.samples, Math.ceil(finite.length / stride)) },
    (_, i) => finite[i * stride],
  ).sort();
  const n = samples.length;
  const least = Math.max(ZSCALE.minPixels, Math.floor(n * ZSCALE.maxReject));
  const grow = Math.max(1, Math.floor(n * 0.01));
  let bad = new Uint8Array(n);
  let [good, before, slope] = [n, n + 1, 0];
  for (let k = 0; k < ZSCALE.iterations && good < before && good >= least; k++) {
    const line = fit(samples, bad);
    slope = line.slope;
    const threshold = ZSCALE.reject * line.scatter;
    bad = dilate(
      bad.map((flag, i) => (flag || Math.abs(samples[i] - line.at(i)) > threshold ? 1 : 0)),
      grow,
    );
    before = good;
    good = bad.reduce((sum, flag) => sum + 1 - flag, 0);
  }
  let [low, high] = [samples[0], samples[n - 1]];
  if (good < least) return [low, high];
  const steep = slope / ZSCALE.contrast;
  const middle = Math.floor((n - 1) / 2);
  const median = n % 2 ? samples[middle] : (samples[middle] + samples[middle + 1]) / 2;
  low = Math.max(low, median - (middle - 1) * steep);
  high = Math.min(high, median + (n - middle) * steep);
  return [low, high];
}

/** Least squares line over the samples that are not bad, and the scatter of these about it. */
function fit(
  samples: Float64Array,
  bad: Uint8Array,
): { slope: number; scatter: number; at(i: number): number } {
  let [count, sx, sy] = [0, 0, 0];
  samples.forEach((y, x) => {
    if (bad[x]) return;
    count++;
    sx += x;
    sy += y;
  });
  const [mx, my] = [sx / count, sy / count];
  let [sxx, sxy] = [0, 0];
  samples.forEach((y, x) => {
    if (bad[x]) return;
    sxx += (x - mx) ** 2;
    sxy += (x - mx) * (y - my);
  });
  const slope = sxx > 0 ? sxy / sxx : 0;
  const at = (i: number): number => my + slope * (i - mx);
  let square = 0;
  samples.forEach((y, x) => {
    if (!bad[x]) square += (y - at(x)) ** 2;
  });
  return { slope, scatter: Math.sqrt(square / count), at };
}

/** numpy.convolve(flags, ones(size), mode="same") as flags. */
function dilate(flags: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const back = Math.floor((size - 1) / 2);
  return Uint8Array.from(flags, (_, i) => {
    for (let j = i + back - size + 1; j <= i + back; j++) if (flags[j]) return 1;
    return 0;
  });
}
