const POLE = Math.sqrt(3) - 2;
const GAIN = (1 - POLE) * (1 - 1 / POLE);

/** Cubic B-spline coefficients of one line, reflected about its outer edges (d c b a | a b c d | d c b a), in place. */
function filterLine(c: Float64Array): void {
  const n = c.length;
  if (n < 2) return;
  for (let i = 0; i < n; i++) c[i] *= GAIN;
  const zn = POLE ** n;
  const first = c[0];
  let z = POLE;
  c[0] += zn * c[n - 1];
  for (let i = 1; i < n; i++, z *= POLE) c[0] += z * (c[i] + zn * (i === n - 1 ? first : c[n - 1 - i]));
  c[0] = c[0] * (POLE / (1 - zn * zn)) + first;
  for (let i = 1; i < n; i++) c[i] += POLE * c[i - 1];
  c[n - 1] *= POLE / (POLE - 1);
  for (let i = n - 2; i >= 0; i--) c[i] = POLE * (c[i + 1] - c[i]);
}

/**
 * Coefficients of the cubic spline through `values` (ny x nx, row-major): scipy.ndimage.spline_filter(order=3,
 * mode="reflect"), on which scipy.ndimage.zoom(grid_mode=True) is evaluated.
 */
export function splineCoefficients(values: ArrayLike<number>, nx: number, ny: number): Float64Array {
  const c = Float64Array.from(values);
  const column = new Float64Array(ny);
  for (let x = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) column[y] = c[y * nx + x];
    filterLine(column);
    for (let y = 0; y < ny; y++) c[y * nx + x] = column[y];
  }
  for (let y = 0; y < ny; y++) filterLine(c.subarray(y * nx, (y + 1) * nx));
  return c;
}
