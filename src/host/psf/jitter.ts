import { dft2, fftFrequencies } from "./dft.js";

/** Pointing jitter: RMS along its axes in mas, position angle of the major axis from +y towards +x in degrees. */
export interface Jitter {
  readonly jitter_major: number;
  readonly jitter_minor: number;
  readonly jitter_position_angle: number;
}

/** What romancal assumes where metadata gives no jitter. */
export const DEFAULT_JITTER: Jitter = { jitter_major: 8, jitter_minor: 8, jitter_position_angle: 0 };

/** Exponent of the jitter's transfer function at frequency (u, v) in cycles per arcsec: exp(-2 pi^2 f^T C f). */
function exponent(
  { jitter_major, jitter_minor, jitter_position_angle }: Jitter,
  u: number,
  v: number,
): number {
  const theta = Math.PI / 2 - (jitter_position_angle * Math.PI) / 180;
  const along = u * Math.cos(theta) + v * Math.sin(theta);
  const across = -u * Math.sin(theta) + v * Math.cos(theta);
  return -2 * Math.PI ** 2 * ((along * jitter_major) ** 2 + (across * jitter_minor) ** 2) * 1e-6;
}

/**
 * Replace the jitter in a PSF stamp: deconvolve `from`, convolve `to`, both analytic in Fourier space.
 * @param stamp nx x ny samples, row-major @param sampling arcsec a sample
 * Source: romancal 1.0.1 source_catalog/psf.py add_jitter (after Lang 2020, arXiv:2012.15797).
 */
export function replaceJitter(
  stamp: Float64Array,
  nx: number,
  ny: number,
  sampling: number,
  from: Jitter,
  to: Jitter,
): Float64Array {
  const spectrum = dft2({ re: stamp, im: new Float64Array(stamp.length) }, nx, ny);
  const us = fftFrequencies(nx, sampling);
  const vs = fftFrequencies(ny, sampling);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      const factor = Math.exp(exponent(to, us[x], vs[y]) - exponent(from, us[x], vs[y]));
      spectrum.re[y * nx + x] *= factor;
      spectrum.im[y * nx + x] *= factor;
    }
  }
  return dft2(spectrum, nx, ny, true).re;
}
