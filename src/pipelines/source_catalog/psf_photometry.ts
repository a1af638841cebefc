import KDBush from "kdbush";
import type { Gpu } from "../../gpu/index.js";
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
import { emptyMeasures, flagResults, type PsfBox, type PsfMeasures, storeGroup } from "./psf_results.js";

/** Sources closer than this, pixels, are fitted together. */
const MIN_SEPARATION = 5;
/** Pixels beside a source's box that its first flux, in a circle of 5 pixels, is summed over at most. */
const REACH = 8;

type Images = Pick<MeasureImages, "nx" | "ny" | "data" | "err" | "mask" | "frame">;

type PsfParts = Pick<ImageParts, "nx" | "ny" | "eachPart">;

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
  const model = { ...psf, spline: inFours(uniformSpline(psf.values, psf.size)) };
  await parts.eachPart(surroundings(groups, parts), (images, at) =>
    fit(
      gpu,
      images,
      model,
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
function surroundings(groups: readonly PsfBox[][], { nx, ny }: PsfParts): Uint32Array {
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

/** Boxes that overlap the image. */
function boxesOf(x: ArrayLike<number>, y: ArrayLike<number>, { nx, ny }: PsfParts): PsfBox[] {
  const boxes: PsfBox[] = [];
  for (let index = 0; index < x.length; index++) {
    const startX = Math.ceil(x[index] - PSF_FIT_BOX / 2);
    const startY = Math.ceil(y[index] - PSF_FIT_BOX / 2);
    if (startX > -PSF_FIT_BOX && startX < nx && startY > -PSF_FIT_BOX && startY < ny)
      boxes.push({ index, startX, startY });
  }
  return boxes;
}

/** Sources chained by distances of at most MIN_SEPARATION, in the order of their first member: those that are alone, then the others. */
function groupsOf(boxes: readonly PsfBox[], x: ArrayLike<number>, y: ArrayLike<number>): PsfBox[][] {
  if (boxes.length === 0) return [];
  const tree = new KDBush(boxes.length);
  for (const { index } of boxes) tree.add(x[index], y[index]);
  tree.finish();
  const grouped = new Uint8Array(boxes.length);
  const groups: PsfBox[][] = [];
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
  const alone = (group: readonly PsfBox[]): boolean => group.length === 1;
  return [...groups.filter(alone), ...groups.filter((group) => !alone(group))];
}

/** Each four coefficients that follow each other, as the kernel takes them. */
function inFours(coefficients: Float64Array): Float32Array {
  const last = coefficients.length - 1;
  return Float32Array.from(
    { length: 4 * coefficients.length },
    (_, i) => coefficients[Math.min((i >> 2) + (i & 3), last)],
  );
}

/** A PSF and the coefficients of its spline. */
interface PsfModel extends PsfStamp {
  readonly spline: Float32Array;
}

async function fit(
  gpu: Gpu,
  images: Images,
  psf: PsfModel,
  groups: readonly PsfBox[][],
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
    const spline = own.upload("PSF spline", psf.spline);
    const sources = own.upload("PSF sources", sourceWords);
    const groupList = own.upload("PSF groups", groupWords);
    const scratch = own.alloc("PSF fit scratch", 4 * scratchWords);
    const fits = own.alloc("PSF fits", 4 * PSF_FIT_WORDS * boxes.length);
    const { nx, ny, data, err, mask } = images;
    const start = { nx, ny, sources: boxes.length, scale };
    const params = {
      nx,
      ny,
      stamp: psf.size + 2,
      oversampling: psf.oversampling,
      scale,
      first_x: frame.x0,
      first_y: frame.y0,
    };
    const bound = { data, err, mask, spline, sources, groups: groupList, scratch, fits };
    const rec = gpu.recorder("source_catalog: PSF fit");
    rec.run(psfStart, { params: start, data, mask, sources, fits }, [Math.ceil(boxes.length / 64)]);
    const singles = groups.findLastIndex(({ length }) => length === 1) + 1;
    for (const [SINGLE, first_group, count] of [
      [true, 0, singles],
      [false, singles, groups.length - singles],
    ] as const)
      rec.run(
        psfFit,
        { params: { ...params, groups: count, first_group }, ...bound },
        [Math.ceil(count / 64)],
        { SINGLE },
      );
    rec.submit();
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
  groups: readonly PsfBox[][],
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
