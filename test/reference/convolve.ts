/**
 * Plain twin of the detection image: astropy.convolution.convolve(boundary="fill", nan_treatment="interpolate") with the
 * outer product of `taps`; masked pixels are NaN to it.
 */
export function convolveMasked(
  data: ArrayLike<number>,
  mask: readonly boolean[],
  nx: number,
  ny: number,
  taps: ArrayLike<number>,
): Float64Array {
  const radius = (taps.length - 1) / 2;
  return Float64Array.from({ length: nx * ny }, (_, i) => {
    const [x, y] = [i % nx, Math.floor(i / nx)];
    let [top, bottom] = [0, 0];
    for (let v = -radius; v <= radius; v++)
      for (let u = -radius; u <= radius; u++) {
        const k = taps[v + radius] * taps[u + radius];
        const inside = x + u >= 0 && x + u < nx && y + v >= 0 && y + v < ny;
        const at = (y + v) * nx + x + u;
        if (inside && (mask[at] || Number.isNaN(data[at]))) continue;
        bottom += k;
        if (inside) top += k * data[at];
      }
    return bottom === 0 ? NaN : top / bottom;
  });
}
