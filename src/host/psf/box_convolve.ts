/**
 * astropy 7.2.3 Box2DKernel(width): a box of the given width sampled by bilinear interpolation between the corners of its pixels
 * (mode "linear_interp"), separable, normalised to 1. Returns the weights along one axis (odd length).
 */
export function boxWeights(width: number): Float64Array {
  const size = roundUpToOdd(width);
  const half = (size - 1) / 2;
  const inside = (x: number): number => Number(Math.abs(x) <= width / 2);
  const weights = Float64Array.from(
    { length: size },
    (_, i) => (inside(i - half - 0.5) + inside(i - half + 0.5)) / 2,
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** astropy convolve(image, kernel) with a separable kernel: zeros beyond the edge (boundary "fill"), no NaN in the image. */
export function convolveSeparable(
  image: Float64Array,
  nx: number,
  ny: number,
  weights: Float64Array,
): Float64Array {
  const half = (weights.length - 1) / 2;
  const rows = new Float64Array(image.length);
  const out = new Float64Array(image.length);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      let sum = 0;
      for (let k = Math.max(-half, -x); k <= Math.min(half, nx - 1 - x); k++)
        sum += weights[half - k] * image[y * nx + x + k];
      rows[y * nx + x] = sum;
    }
  }
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      let sum = 0;
      for (let k = Math.max(-half, -y); k <= Math.min(half, ny - 1 - y); k++)
        sum += weights[half - k] * rows[(y + k) * nx + x];
      out[y * nx + x] = sum;
    }
  }
  return out;
}

function roundUpToOdd(value: number): number {
  const up = Math.ceil(value);
  return up % 2 === 0 ? up + 1 : up;
}
