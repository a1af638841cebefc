import { describe, expect, it } from "vitest";
import { inverseDiagonal } from "../../../src/host/numerics/cholesky.js";

/** A A^T + 1 of some A. */
function positive(n: number): Float64Array {
  const a = (i: number, j: number): number => Math.sin(1 + 3 * i + 7 * j * j);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? 1 : 0;
    for (let k = 0; k < n; k++) sum += a(i, k) * a(j, k);
    return sum;
  });
}

/** By Gauss and Jordan. */
function inverse(matrix: Float64Array, n: number): number[][] {
  const rows = Array.from({ length: n }, (_, i) => [
    ...matrix.subarray(i * n, (i + 1) * n),
    ...Array.from({ length: n }, (_unused, j) => Number(i === j)),
  ]);
  for (let k = 0; k < n; k++) {
    rows[k] = rows[k].map((value) => value / rows[k][k]);
    for (let i = 0; i < n; i++)
      if (i !== k) rows[i] = rows[i].map((value, j) => value - rows[i][k] * rows[k][j]);
  }
  return rows.map((row) => row.slice(n));
}

describe("the diagonal of an inverse", () => {
  it.each([1, 2, 3, 6, 15])("is that of %i rows", (n) => {
    const matrix = positive(n);
    const expected = inverse(matrix, n);
    inverseDiagonal(matrix, n).forEach((value, i) => expect(value / expected[i][i]).toBeCloseTo(1, 12));
  });

  it("is NaN where the matrix is not positive definite", () => {
    expect([...inverseDiagonal(Float64Array.of(1, 2, 2, 1), 2)]).toEqual([NaN, NaN]);
    expect([...inverseDiagonal(Float64Array.of(1, 1, 1, 1), 2)]).toEqual([NaN, NaN]);
    expect([...inverseDiagonal(Float64Array.of(NaN), 1)]).toEqual([NaN]);
    expect(inverseDiagonal(new Float64Array(0), 0)).toHaveLength(0);
  });
});
