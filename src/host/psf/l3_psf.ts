import { UserError } from "../errors.js";
import { boxWeights, convolveSeparable } from "./box_convolve.js";
import { cubicAt, cubicCoefficients } from "./cubic_spline_image.js";
import { dft2, fftFrequencies, shift2 } from "./dft.js";
import { DEFAULT_JITTER, type Jitter, replaceJitter } from "./jitter.js";

/** The ePSF reference: stamps of one focus and spectral type on a grid over the detector. */
export interface EpsfGrid {
  /** Samples per detector pixel of 0.11 arcsec. */
  readonly oversample: number;
  /** Detector pixels (0-based) of the stamps. */
  readonly pixel_x: readonly number[];
  readonly pixel_y: readonly number[];
  /** Size of a stamp in samples. */
  readonly nx: number;
  readonly ny: number;
  /** The stamps one after the other, each row-major. */
  readonly stamps: ArrayLike<number>;
  readonly jitter: Jitter;
}

/** An oversampled PSF stamp centred on its middle sample; sampled `oversampling` times a mosaic pixel; sums to oversampling^2. */
export interface PsfStamp {
  readonly size: number;
  readonly oversampling: number;
  readonly values: Float64Array;
}

/** Centre of the detector, pixels, where romancal takes the PSF of a mosaic. */
const CENTRE = 2044;
const DETECTOR_PIXEL_ARCSEC = 0.11;
const STAMP_RADIUS = 10;

/**
 * The PSF of a mosaic: the detector's PSF at its centre, smoothed by the drizzle drop and the output pixel, averaged over azimuth
 * in Fourier space and sampled on the mosaic's scale. Source: romancal 1.0.1 source_catalog/psf.py create_l3_psf_model.
 * @param pixelScale mosaic pixel, arcsec @param pixfrac drizzle's drop size, detector pixels
 * Throws UserError where the reference cannot give it.
 */
export function mosaicPsf(
  grid: EpsfGrid,
  pixelScale: number,
  pixfrac: number,
  imageJitter: Jitter = DEFAULT_JITTER,
): PsfStamp {
  const oversample = grid.oversample;
  const size = 2 * STAMP_RADIUS * oversample + 1;
  const centre = centralStamp(grid, size, imageJitter);
  const smoothing = [pixfrac * oversample, (oversample * pixelScale) / DETECTOR_PIXEL_ARCSEC].map(boxWeights);
  if (smoothing.some((weights) => weights.some(Number.isNaN))) {
    throw new UserError(
      `PSF: pixfrac ${pixfrac} or a pixel scale of ${pixelScale} arcsec is below one sample of the ePSF reference; skip PSF photometry with fit_psf=false`,
    );
  }
  const smooth = smoothing.reduce((psf, weights) => convolveSeparable(psf, size, size, weights), centre);
  const { values, size: newSize } = azimuthalAverage(smooth, size, pixelScale / DETECTOR_PIXEL_ARCSEC);
  return { values, size: newSize, oversampling: oversample };
}

/** The PSF at the detector's centre with the image's jitter, `size` samples square. */
function centralStamp(grid: EpsfGrid, size: number, imageJitter: Jitter): Float64Array {
  const { nx, ny, oversample } = grid;
  if (size > nx || size > ny || (nx - size) % 2 || (ny - size) % 2) {
    throw new UserError(
      `epsf reference: stamps of ${nx} x ${ny} samples; expected odd sizes of at least ${size}`,
    );
  }
  const whole = new Float64Array(nx * ny);
  for (const [index, weight] of centreWeights(grid)) {
    const start = index * nx * ny;
    for (let i = 0; i < whole.length; i++) whole[i] += weight * grid.stamps[start + i];
  }
  const jittered = replaceJitter(whole, nx, ny, DETECTOR_PIXEL_ARCSEC / oversample, grid.jitter, imageJitter);
  const ePsf = needsIntegration(grid) ? integrate(jittered, grid) : jittered;
  const [x0, y0] = [(nx - size) / 2, (ny - size) / 2];
  return Float64Array.from(
    { length: size * size },
    (_, i) => ePsf[(y0 + Math.floor(i / size)) * nx + x0 + (i % size)],
  );
}

/** Old references hold samples that sum to 1; they are integrated over the detector pixel here. */
function needsIntegration({ stamps, nx, ny, oversample }: EpsfGrid): boolean {
  const count = stamps.length / (nx * ny);
  const sums = Array.from({ length: count }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < nx * ny; i++) sum += stamps[k * nx * ny + i];
    return sum;
  }).sort((a, b) => a - b);
  const middle = (sums[(count - 1) >> 1] + sums[count >> 1]) / 2;
  return middle < oversample ** 2 / 2;
}

function integrate(psf: Float64Array, { nx, ny, oversample }: EpsfGrid): Float64Array {
  return convolveSeparable(psf, nx, ny, boxWeights(oversample)).map((value) => value * oversample ** 2);
}

/** Bilinear weights of the grid's stamps at the detector's centre (photutils 3.1.1 GriddedPSFModel). */
function centreWeights({ pixel_x, pixel_y }: EpsfGrid): [index: number, weight: number][] {
  if (pixel_x.length === 1) return [[0, 1]];
  const axis = (values: readonly number[]): [number, number, number] => {
    const sorted = [...new Set(values)].sort((a, b) => a - b);
    const i = Math.min(Math.max(sorted.filter((value) => value <= CENTRE).length - 1, 0), sorted.length - 2);
    return [sorted[i], sorted[i + 1], (CENTRE - sorted[i]) / (sorted[i + 1] - sorted[i])];
  };
  const [x0, x1, tx] = axis(pixel_x);
  const [y0, y1, ty] = axis(pixel_y);
  const corners: [number, number, number][] = [
    [x0, y0, (1 - tx) * (1 - ty)],
    [x1, y0, tx * (1 - ty)],
    [x0, y1, (1 - tx) * ty],
    [x1, y1, tx * ty],
  ];
  return corners
    .filter(([, , weight]) => weight !== 0)
    .map(([x, y, weight]) => {
      const index = pixel_x.findIndex((value, k) => value === x && pixel_y[k] === y);
      if (index < 0)
        throw new UserError(
          `epsf reference: no stamp at detector pixel (${x}, ${y}); expected a rectangular grid in meta.pixel_x, meta.pixel_y`,
        );
      return [index, weight];
    });
}

/** Average a stamp over azimuth in Fourier space and sample it `ratio` times as coarsely; odd size out. */
function azimuthalAverage(
  psf: Float64Array,
  size: number,
  ratio: number,
): { values: Float64Array; size: number } {
  const spectrum = dft2({ re: shift2(psf, size, size, true), im: new Float64Array(psf.length) }, size, size);
  const profile = radialProfile(shift2(spectrum.re, size, size), size);
  const points = 2 * (Math.ceil(size / ratio) >> 1) + 1;
  const frequencies = fftFrequencies(points, ratio);
  const step = (Math.floor(size / 2) * Math.SQRT2) / (profile.length - 1) / size;
  const re = Float64Array.from({ length: points * points }, (_, i) => {
    const k = Math.hypot(frequencies[Math.floor(i / points)], frequencies[i % points]) / step;
    const below = Math.floor(k);
    if (below >= profile.length - 1) return k === profile.length - 1 ? profile[below] : 0;
    return profile[below] + (k - below) * (profile[below + 1] - profile[below]);
  });
  const image = dft2({ re, im: new Float64Array(re.length) }, points, points, true).re;
  return { values: shift2(image, points, points), size: points };
}

/** Mean over azimuth of a centred image, at 2 * size radii from 0 to the corner. */
function radialProfile(image: Float64Array, size: number): Float64Array {
  const coefficients = cubicCoefficients(image, size, size);
  const half = Math.floor(size / 2);
  const radii = 2 * size;
  const angles = 8 * size;
  return Float64Array.from({ length: radii }, (_, i) => {
    const r = (half * Math.SQRT2 * i) / (radii - 1);
    let sum = 0;
    let count = 0;
    for (let k = 0; k < angles; k++) {
      const t = (2 * Math.PI * k) / angles;
      const value = cubicAt(coefficients, size, size, r * Math.cos(t) + half, r * Math.sin(t) + half);
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  });
}
