const POLE = Math.sqrt(3) - 2;

/** B-spline coefficients of an image for cubic interpolation, mirrored at the edge: scipy.ndimage.spline_filter(image, 3, mode="mirror"). */
export function cubicCoefficients(image: Float64Array, nx: number, ny: number): Float64Array {
  const out = Float64Array.from(image);
  for (let y = 0; y < ny; y++) filterLine(out, y * nx, 1, nx);
  for (let x = 0; x < nx; x++) filterLine(out, x, nx, ny);
  return out;
}

function filterLine(c: Float64Array, start: number, step: number, n: number): void {
  if (n < 2) return;
  const at = (i: number): number => start + i * step;
  for (let i = 0; i < n; i++) c[at(i)] *= 6;
  // exact causal start of a signal mirrored about both ends
  let power = POLE;
  const last = POLE ** (n - 1);
  let sum = c[at(0)] + last * c[at(n - 1)];
  for (let i = 1, mirrored = (last * last) / POLE; i < n - 1; i++) {
    sum += (power + mirrored) * c[at(i)];
    power *= POLE;
    mirrored /= POLE;
  }
  c[at(0)] = sum / (1 - last * last);
  for (let i = 1; i < n; i++) c[at(i)] += POLE * c[at(i - 1)];
  c[at(n - 1)] = (POLE / (POLE * POLE - 1)) * (POLE * c[at(n - 2)] + c[at(n - 1)]);
  for (let i = n - 2; i >= 0; i--) c[at(i)] = POLE * (c[at(i + 1)] - c[at(i)]);
}

/** The cubic spline at (x, y), 0-based pixel centres; NaN outside the centres of the edge pixels. */
export function cubicAt(coefficients: Float64Array, nx: number, ny: number, x: number, y: number): number {
  const EDGE = 1e-9; // rounding of a coordinate that is meant to lie on the edge
  if (x < -EDGE || y < -EDGE || x > nx - 1 + EDGE || y > ny - 1 + EDGE) return NaN;
  const ix = Math.min(Math.max(Math.floor(x), 0), nx - 1);
  const iy = Math.min(Math.max(Math.floor(y), 0), ny - 1);
  const wx = cubicWeights(x - ix);
  const wy = cubicWeights(y - iy);
  let sum = 0;
  for (let j = 0; j < 4; j++) {
    const row = mirror(iy - 1 + j, ny) * nx;
    let inner = 0;
    for (let i = 0; i < 4; i++) inner += wx[i] * coefficients[row + mirror(ix - 1 + i, nx)];
    sum += wy[j] * inner;
  }
  return sum;
}

function cubicWeights(t: number): [number, number, number, number] {
  const s = 1 - t;
  return [(s * s * s) / 6, 2 / 3 - (t * t * (2 - t)) / 2, 2 / 3 - (s * s * (2 - s)) / 2, (t * t * t) / 6];
}

function mirror(i: number, n: number): number {
  if (i < 0) return Math.min(-i, n - 1);
  return i >= n ? Math.max(2 * n - 2 - i, 0) : i;
}
