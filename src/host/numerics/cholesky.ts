/**
 * Diagonal of the inverse of a symmetric matrix, by its Cholesky factor; NaN throughout where it is not positive definite.
 * @param matrix n x n, row-major; its lower half is replaced by the factor
 */
export function inverseDiagonal(matrix: Float64Array, n: number): Float64Array {
  const diagonal = new Float64Array(n);
  if (!factorise(matrix, n)) return diagonal.fill(NaN);
  const column = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    // column i of the factor's inverse
    let square = 0;
    for (let k = i; k < n; k++) {
      let sum = k === i ? 1 : 0;
      for (let j = i; j < k; j++) sum -= matrix[k * n + j] * column[j];
      column[k] = sum / matrix[k * n + k];
      square += column[k] ** 2;
    }
    diagonal[i] = square;
  }
  return diagonal;
}

/** False where the matrix is not positive definite. */
function factorise(matrix: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      if (i > j) matrix[i * n + j] = sum / matrix[j * n + j];
      else if (sum > 0) matrix[i * n + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}
