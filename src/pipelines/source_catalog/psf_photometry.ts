import KDBush from "kdbush";
import type { Gpu } from "../../gpu/index.js";
import { inverseDiagonal } from "../../host/numerics/cholesky.js";
import type { PsfStamp } from "../../host/psf/l3_psf.js";
import { uniformSpline } from "../../host/psf/uniform_spline.js";
import {
  PSF_FIT_BOX,
  PSF_FIT_WORDS,
  PSF_GROUP_WORDS,
  PSF_SOURCE_WORDS,
  psfFit,
  psfScratchWords,
  psfStart,
} from "../../shaders/source_catalog/psf_fit.js";
import { emptyBoxes, growBox } from "./label.js";
import { type Frame, frameOf, type MeasureImages, withBuffers } from "./measure_device.js";
import type { ImageParts } from "./measure_parts.js";

/** Sources closer than this, pixels, are fitted together. */
const MIN_SEPARATION = 5;
const PARAMETERS = 3;
const BOX_PIXELS = PSF_FIT_BOX * PSF_FIT_BOX;
/** Pixels beside a source's box that its first flux, in a circle of 5 pixels, is summed over at most. */
const REACH = 8;

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

type Images = Pick<MeasureImages, "nx" | "ny" | "data" | "err" | "mask" | "frame">;

type PsfParts = Pick<ImageParts, "nx" | "ny" | "eachPart">;

/** A source to fit: its place in the catalog and the lower left pixel of its untrimmed box. */
interface Box {
  readonly index: number;
  readonly startX: number;
  readonly startY: number;
}

/**
 * Fit the PSF to 5 x 5 pixels about each position, sources within 5 pixels of each other (chained) together: least squares by
 * the trust-region method from an aperture flux of radius 5. Follows photutils 3.1.1 PSFPhotometry as romancal 1.0.1
 * source_catalog/psf.py calls it (TRFLSQFitter). A position that is not finite is not fitted (romancal stops there).
 * @param scale nJy per unit of data and err
 */
export async function measurePsf(
  gpu: Gpu,
  parts: PsfParts,
  psf: PsfStamp,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  scale: number,
): Promise<PsfMeasures> {
  const measures = emptyMeasures(x.length);
  const groups = groupsOf(boxesOf(x, y, parts), x, y);
  await parts.eachPart(surroundings(groups, parts), (images, at) =>
    fit(
      gpu,
      images,
      psf,
      at.map((group) => groups[group]),
      x,
      y,
      scale,
      measures,
    ),
  );
  flagResults(measures, x, y, parts);
  return measures;
}

/** Pixels of the image that each group's fit reads: boxes and apertures of where it starts. */
function surroundings(groups: readonly Box[][], { nx, ny }: PsfParts): Uint32Array {
  const boxes = emptyBoxes(groups.length);
  const within = (value: number, size: number): number => Math.max(0, Math.min(value, size - 1));
  groups.forEach((group, k) => {
    for (const { startX, startY } of group)
      growBox(
        boxes,
        k,
        within(startX - REACH, nx),
        within(startX + PSF_FIT_BOX + REACH, nx),
        within(startY - REACH, ny),
        within(startY + PSF_FIT_BOX + REACH, ny),
      );
  });
  return boxes;
}

function emptyMeasures(count: number): PsfMeasures {
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

/** Boxes that overlap the image. */
function boxesOf(x: ArrayLike<number>, y: ArrayLike<number>, { nx, ny }: PsfParts): Box[] {
  const boxes: Box[] = [];
  for (let index = 0; index < x.length; index++) {
    const startX = Math.ceil(x[index] - PSF_FIT_BOX / 2);
    const startY = Math.ceil(y[index] - PSF_FIT_BOX / 2);
    if (startX > -PSF_FIT_BOX && startX < nx && startY > -PSF_FIT_BOX && startY < ny)
      boxes.push({ index, startX, startY });
  }
  return boxes;
}

/** Sources chained by distances of at most MIN_SEPARATION, in the order of their first member. */
function groupsOf(boxes: readonly Box[], x: ArrayLike<number>, y: ArrayLike<number>): Box[][] {
  if (boxes.length === 0) return [];
  const tree = new KDBush(boxes.length);
  for (const { index } of boxes) tree.add(x[index], y[index]);
  tree.finish();
  const grouped = new Uint8Array(boxes.length);
  const groups: Box[][] = [];
  for (let seed = 0; seed < boxes.length; seed++) {
    if (grouped[seed]) continue;
    grouped[seed] = 1;
    const members = [seed];
    for (let k = 0; k < members.length; k++) {
      const { index } = boxes[members[k]];
      for (const other of tree.within(x[index], y[index], MIN_SEPARATION)) {
        if (grouped[other]) continue;
        grouped[other] = 1;
        members.push(other);
      }
    }
    groups.push(members.sort((a, b) => a - b).map((member) => boxes[member]));
  }
  return groups;
}

async function fit(
  gpu: Gpu,
  images: Images,
  psf: PsfStamp,
  groups: readonly Box[][],
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  scale: number,
  measures: PsfMeasures,
): Promise<void> {
  const boxes = groups.flat();
  const frame = frameOf(images);
  if (boxes.length === 0) return;
  const { sourceWords, groupWords, scratchWords } = packGroups(groups, x, y, frame);
  await withBuffers(gpu, async (own) => {
    const spline = own.upload("PSF spline", Float32Array.from(uniformSpline(psf.values, psf.size)));
    const sources = own.upload("PSF sources", sourceWords);
    const groupList = own.upload("PSF groups", groupWords);
    const scratch = own.alloc("PSF fit scratch", 4 * scratchWords);
    const fits = own.alloc("PSF fits", 4 * PSF_FIT_WORDS * boxes.length);
    const { nx, ny, data, err, mask } = images;
    const start = { nx, ny, sources: boxes.length, scale };
    const params = {
      nx,
      ny,
      groups: groups.length,
      stamp: psf.size + 2,
      oversampling: psf.oversampling,
      scale,
      first_x: frame.x0,
      first_y: frame.y0,
    };
    gpu
      .recorder("source_catalog: PSF fit")
      .run(psfStart, { params: start, data, mask, sources, fits }, [Math.ceil(boxes.length / 64)])
      .run(psfFit, { params, data, err, mask, spline, sources, groups: groupList, scratch, fits }, [
        Math.ceil(groups.length / 64),
      ])
      .submit();
    const results = await gpu.read(fits, Float32Array, 0, PSF_FIT_WORDS * boxes.length);
    const words = new Uint32Array(results.buffer);
    const matrices = await gpu.read(scratch, Float32Array, 0, scratchWords);
    let first = 0;
    groups.forEach((group, g) => {
      const at = PSF_FIT_WORDS * first;
      const matrix = matrices.subarray(groupWords[PSF_GROUP_WORDS * g + 2]);
      storeGroup(group, results.subarray(at), words.subarray(at), matrix, measures);
      first += group.length;
    });
  });
}

function packGroups(
  groups: readonly Box[][],
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { x0, y0 }: Frame,
): { sourceWords: Int32Array; groupWords: Uint32Array; scratchWords: number } {
  const count = groups.reduce((sum, group) => sum + group.length, 0);
  const sourceWords = new Int32Array(PSF_SOURCE_WORDS * count);
  const offsets = new Float32Array(sourceWords.buffer);
  const groupWords = new Uint32Array(PSF_GROUP_WORDS * groups.length);
  let first = 0;
  let scratchWords = 0;
  groups.forEach((group, g) => {
    groupWords.set([first, group.length, scratchWords, 0], PSF_GROUP_WORDS * g);
    scratchWords += psfScratchWords(group.length);
    for (const { index, startX, startY } of group) {
      sourceWords.set([startX - x0, startY - y0], PSF_SOURCE_WORDS * first);
      offsets.set([x[index] - startX, y[index] - startY], PSF_SOURCE_WORDS * first + 2);
      first++;
    }
  });
  return { sourceWords, groupWords, scratchWords };
}

/** One group's results into the columns; `fits` and `words` are its Fit structs, `matrix` its normal matrix. */
function storeGroup(
  group: readonly Box[],
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
function flagResults(
  { psf_flags, psf_flux, x_psf, y_psf }: PsfMeasures,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { nx, ny }: Pick<PsfParts, "nx" | "ny">,
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
