/**
 * Coefficients of the cubic spline through an n x n image (n >= 4) in uniform cubic B-splines, (n + 2) x (n + 2), row-major: the value at
 * sample (x, y) is the weighted sum of the 4 x 4 coefficients from (x, y) on. The spline is scipy's RectBivariateSpline(kx=3, ky=3,
 * s=0): the second and the last but one sample are no knots.
 */
export function uniformSpline(image: Float64Array, n: number): Float64Array {
  return transposedLines(transposedLines(image, n, n), n, n + 2);
}

/** Coefficients of each line of n samples, `lines` of them, as columns: line k has (n + 2) coefficients, `lines` apart from k on. */
function transposedLines(samples: Float64Array, n: number, lines: number): Float64Array {
  const out = new Float64Array((n + 2) * lines);
  const factors = eliminate(n);
  const line = new Float64Array(n + 2);
  for (let k = 0; k < lines; k++) {
    lineCoefficients(samples.subarray(k * n, (k + 1) * n), factors, line);
    for (let i = 0; i < n + 2; i++) out[i * lines + k] = line[i];
  }
  return out;
}

/** What elimination, from coefficient 3 on, leaves beside the diagonal of rows (1 4 1). */
function eliminate(n: number): Float64Array {
  const factors = new Float64Array(n + 2);
  for (let i = 3; i < n; i++) factors[i] = 1 / (4 - factors[i - 1]);
  return factors;
}

/**
 * c of f: c[i] + 4 c[i + 1] + c[i + 2] = 6 f[i]. Without a knot at sample 1 the fourth difference of c[0] .. c[4] vanishes, with which
 * the equations say c[2] = f[1] - (f[0] - 2 f[1] + f[2]) / 6; likewise at the other end.
 */
function lineCoefficients(f: Float64Array, factors: Float64Array, c: Float64Array): void {
  const n = f.length;
  c[2] = f[1] - (f[0] - 2 * f[1] + f[2]) / 6;
  for (let i = 3; i < n - 1; i++) c[i] = (6 * f[i - 1] - c[i - 1]) * factors[i];
  c[n - 1] = f[n - 2] - (f[n - 3] - 2 * f[n - 2] + f[n - 1]) / 6;
  for (let i = n - 2; i > 2; i--) c[i] -= factors[i] * c[i + 1];
  c[1] = 6 * f[1] - 4 * c[2] - c[3];
  c[0] = 6 * f[0] - 4 * c[1] - c[2];
  c[n] = 6 * f[n - 2] - 4 * c[n - 1] - c[n - 2];
  c[n + 1] = 6 * f[n - 1] - 4 * c[n] - c[n - 1];
}
