import { Matrix, SingularValueDecomposition } from "ml-matrix";

/** What two overlapping images measure in their overlap. */
export interface PairSky {
  readonly i: number;
  readonly j: number;
  /** Statistic of image i (j) in its overlap with j (i), and the pixels it came from. */
  readonly skyI: number;
  readonly skyJ: number;
  readonly npixI: number;
  readonly npixJ: number;
}

export interface SkyDeltas {
  /** What to subtract from each image so that they agree, up to a constant; NaN for an image with no overlap. */
  readonly deltas: Float64Array;
  /** Of the equations; below `n - 1` the images fall into parts that are matched among themselves alone. */
  readonly rank: number;
}

const RCOND = 1e-12;

/**
 * Least squares over all pairs of (delta_i - delta_j) * w = (sky_i - sky_j) * w, w the mean of the two pixel counts; of all
 * solutions the shortest. Source: stcal 1.20.0 skymatch/skymatch.py _find_optimum_sky_deltas.
 */
export function findSkyDeltas(n: number, pairs: readonly PairSky[]): SkyDeltas {
  const valid = pairs.filter((pair) => pair.npixI > 0 && pair.npixJ > 0);
  const deltas = new Float64Array(n).fill(NaN);
  if (valid.length === 0) return { deltas, rank: 0 };
  const coefficients = Matrix.zeros(valid.length, n);
  const terms = valid.map(({ i, j, skyI, skyJ, npixI, npixJ }, row) => {
    const weight = 0.5 * (npixI + npixJ);
    coefficients.set(row, i, weight);
    coefficients.set(row, j, -weight);
    return weight * (skyI - skyJ);
  });
  const svd = new SingularValueDecomposition(coefficients, { autoTranspose: true });
  const singular = svd.diagonal;
  const least = RCOND * Math.max(...singular);
  const [u, v] = [svd.leftSingularVectors, svd.rightSingularVectors];
  const solution = new Float64Array(n);
  singular.forEach((value, k) => {
    if (value <= least) return;
    const part = terms.reduce((sum, term, row) => sum + u.get(row, k) * term, 0) / value;
    for (let i = 0; i < n; i++) solution[i] += part * v.get(i, k);
  });
  for (const { i, j } of valid) {
    deltas[i] = solution[i];
    deltas[j] = solution[j];
  }
  return { deltas, rank: singular.filter((value) => value > RCOND).length };
}
