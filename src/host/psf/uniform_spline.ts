import { LuDecomposition, Matrix } from "ml-matrix";

/**
 * Coefficients of the cubic spline through an n x n image (n >= 4) in uniform cubic B-splines, (n + 2) x (n + 2), row-major: the value at
 * sample (x, y) is the weighted sum of the 4 x 4 coefficients from (x, y) on. The spline is scipy's RectBivariateSpline(kx=3, ky=3,
 * s=0): the second and the last but one sample are no knots.
 */
export function uniformSpline(image: Float64Array, n: number): Float64Array {
  const system = Matrix.zeros(n + 2, n + 2);
  for (let i = 0; i < n; i++) [1 / 6, 4 / 6, 1 / 6].forEach((weight, k) => system.set(i + 1, i + k, weight));
  [1, -4, 6, -4, 1].forEach((weight, k) => {
    system.set(0, k, weight);
    system.set(n + 1, n - 3 + k, weight);
  });
  const solver = new LuDecomposition(system);
  const along = (lines: Matrix): Matrix => {
    const padded = Matrix.zeros(n + 2, lines.columns);
    padded.setSubMatrix(lines, 1, 0);
    return solver.solve(padded);
  };
  const samples = Matrix.from1DArray(n, n, Array.from(image));
  return Float64Array.from(along(along(samples).transpose()).transpose().to1DArray());
}
