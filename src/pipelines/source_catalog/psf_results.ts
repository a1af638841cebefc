import { inverseDiagonal } from "../../host/numerics/cholesky.js";
import { PSF_FIT_BOX, PSF_FIT_WORDS } from "../../shaders/source_catalog/psf_fit.js";

const PARAMETERS = 3;
const BOX_PIXELS = PSF_FIT_BOX * PSF_FIT_BOX;

/** photutils 3.1.1 psf/flags.py */
const FLAGS = {
  N_PIXELS_FIT_PARTIAL: 1,
  POSITION_OUTSIDE_IMAGE: 2,
  NON_POSITIVE_FLUX: 4,
  NO_CONVERGENCE: 8,
  NO_COVARIANCE: 16,
  NO_OVERLAP: 64,
  FULLY_MASKED: 128,
  TOO_FEW_PIXELS: 256,
  NON_FINITE_POSITION: 512,
  NON_FINITE_FLUX: 1024,
  POSITION_OUTSIDE_FIT_REGION: 4096,
} as const;

/** PSF photometry, a value a source: positions in pixels (0-based centres), flux in nJy; NaN where nothing could be fitted. */
export interface PsfMeasures {
  readonly x_psf: Float64Array;
  readonly x_psf_err: Float64Array;
  readonly y_psf: Float64Array;
  readonly y_psf_err: Float64Array;
  readonly psf_flux: Float64Array;
  readonly psf_flux_err: Float64Array;
  /** Reduced chi-squared. */
  readonly psf_gof: Float64Array;
  readonly psf_flags: Int32Array;
}

/** A source to fit: its place in the catalog and the lower left pixel of its untrimmed box. */
export interface PsfBox {
  readonly index: number;
  readonly startX: number;
  readonly startY: number;
}

/** Columns of sources that nothing is fitted to. */
export function emptyMeasures(count: number): PsfMeasures {
  const column = (): Float64Array => new Float64Array(count).fill(NaN);
  return {
    x_psf: column(),
    x_psf_err: column(),
    y_psf: column(),
    y_psf_err: column(),
    psf_flux: column(),
    psf_flux_err: column(),
    psf_gof: column(),
    psf_flags: new Int32Array(count).fill(
      FLAGS.N_PIXELS_FIT_PARTIAL |
        FLAGS.NO_COVARIANCE |
        FLAGS.NON_FINITE_POSITION |
        FLAGS.NON_FINITE_FLUX |
        FLAGS.NO_OVERLAP,
    ),
  };
}

/** One group's results into the columns; `fits` and `words` are its Fit structs, `matrix` its normal matrix. */
export function storeGroup(
  group: readonly PsfBox[],
  fits: Float32Array,
  words: Uint32Array,
  matrix: Float32Array,
  measures: PsfMeasures,
): void {
  let takingPart = 0;
  let total = 0;
  for (let k = 0; k < group.length; k++) {
    const pixels = words[PSF_FIT_WORDS * k + 4];
    if (pixels < PARAMETERS) continue;
    takingPart++;
    total += pixels;
  }
  const errors =
    total > PARAMETERS * takingPart
      ? standardErrors(matrix, group.length, (k) => words[PSF_FIT_WORDS * k + 4] >= PARAMETERS)
      : undefined;
  group.forEach(({ index, startX, startY }, k) => {
    const at = PSF_FIT_WORDS * k;
    const pixels = words[at + 4];
    const partial = pixels < BOX_PIXELS ? FLAGS.N_PIXELS_FIT_PARTIAL : 0;
    if (pixels < PARAMETERS) {
      measures.psf_flags[index] =
        partial |
        FLAGS.NO_COVARIANCE |
        FLAGS.NON_FINITE_POSITION |
        FLAGS.NON_FINITE_FLUX |
        (pixels ? FLAGS.TOO_FEW_PIXELS : FLAGS.FULLY_MASKED);
      return;
    }
    const converged = words[at + 5] !== 0;
    measures.psf_flags[index] =
      partial | (converged ? 0 : FLAGS.NO_CONVERGENCE) | (errors ? 0 : FLAGS.NO_COVARIANCE);
    measures.x_psf[index] = startX + fits[at];
    measures.y_psf[index] = startY + fits[at + 1];
    measures.psf_flux[index] = fits[at + 2];
    measures.psf_gof[index] = pixels > PARAMETERS ? fits[at + 3] / (pixels - PARAMETERS) : NaN;
    if (!errors) return;
    measures.psf_flux_err[index] = errors[PARAMETERS * k];
    measures.x_psf_err[index] = errors[PARAMETERS * k + 1];
    measures.y_psf_err[index] = errors[PARAMETERS * k + 2];
  });
}

/**
 * Square roots of the diagonal of the normal matrix's pseudo-inverse: 0 for a parameter that nothing depends on, NaN where the rest is
 * singular, and of sources that took no part.
 */
function standardErrors(
  matrix: Float32Array,
  sources: number,
  takesPart: (source: number) => boolean,
): Float64Array {
  const n = PARAMETERS * sources;
  const errors = new Float64Array(n).fill(NaN);
  const kept: number[] = [];
  for (let i = 0; i < n; i++) {
    if (!takesPart(Math.floor(i / PARAMETERS))) continue;
    if (matrix[i * n + i] > 0) kept.push(i);
    else errors[i] = 0;
  }
  const normal = new Float64Array(kept.length ** 2);
  kept.forEach((i, a) => {
    for (let b = 0; b <= a; b++) {
      const j = kept[b];
      normal[a * kept.length + b] = matrix[i * n + j] / Math.sqrt(matrix[i * n + i] * matrix[j * n + j]);
    }
  });
  const inverse = inverseDiagonal(normal, kept.length);
  kept.forEach((i, a) => (errors[i] = Math.sqrt(inverse[a] / matrix[i * n + i])));
  return errors;
}

/** Flags that follow from the fitted values. */
export function flagResults(
  { psf_flags, psf_flux, x_psf, y_psf }: PsfMeasures,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { nx, ny }: { readonly nx: number; readonly ny: number },
): void {
  for (let i = 0; i < psf_flags.length; i++) {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i])) psf_flags[i] &= ~FLAGS.NO_OVERLAP;
    if (x_psf[i] < -0.5 || y_psf[i] < -0.5 || x_psf[i] > nx - 0.5 || y_psf[i] > ny - 0.5)
      psf_flags[i] |= FLAGS.POSITION_OUTSIDE_IMAGE;
    if (psf_flux[i] <= 0) psf_flags[i] |= FLAGS.NON_POSITIVE_FLUX;
    if (outsideBox(x_psf[i], x[i], nx) || outsideBox(y_psf[i], y[i], ny))
      psf_flags[i] |= FLAGS.POSITION_OUTSIDE_FIT_REGION;
  }
}

function outsideBox(fitted: number, initial: number, size: number): boolean {
  const start = Math.ceil(initial - PSF_FIT_BOX / 2);
  return fitted < Math.max(start, 0) - 0.5 || fitted > Math.min(start + PSF_FIT_BOX, size) - 0.5;
}
