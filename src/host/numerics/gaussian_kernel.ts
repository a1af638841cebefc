const FWHM_TO_SIGMA = 1 / (2 * Math.sqrt(2 * Math.log(2)));
const OVERSAMPLING = 10;

/**
 * One factor of romancal's smoothing kernel, normalised to sum 1: a Gaussian averaged over ten points a pixel, of the least
 * odd size that is not below 3 fwhm (romancal 1.0.1 source_catalog/_detection.py, photutils make_2dgaussian_kernel). The
 * two-dimensional kernel is the product of two of these, as its average over a square grid of points is.
 */
export function gaussianTaps(fwhm: number): Float64Array {
  const least = Math.ceil(fwhm * 3);
  const size = least + (least % 2 === 0 ? 1 : 0);
  const sigma = fwhm * FWHM_TO_SIGMA;
  const taps = Float64Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < OVERSAMPLING; k++) {
      const x = i - (size - 1) / 2 - 0.5 + (k + 0.5) / OVERSAMPLING;
      sum += Math.exp((-0.5 * x * x) / (sigma * sigma));
    }
    return sum;
  });
  const total = taps.reduce((a, b) => a + b);
  return taps.map((tap) => tap / total);
}
