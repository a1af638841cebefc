import { FrameEncoder, type FrameStore } from "../../host/asdf/index.js";
import { UserError } from "../../host/errors.js";
import { MAX_RADIUS } from "../../shaders/source_catalog/convolve.js";
import type { RunContext } from "../context.js";
import { backgroundMesh } from "./background.js";
import type { BoxImage } from "./background_rows.js";
import { deblendSegments } from "./deblend.js";
import { DetectedImages } from "./detected_images.js";
import { boundingBoxes, labelComponents, numberComponents } from "./label.js";
import { type BandComponents, joinBands, joinBoxes } from "./label_bands.js";
import type { RowPlane } from "./parts.js";
import type { BackgroundMesh, DetectOptions, Detection, EmptyReason, MosaicPlanes } from "./types.js";

/** Labels 1..nLabels and their bounding boxes. */
export interface Labelled {
  readonly nLabels: number;
  readonly boxes: Uint32Array;
}

const NOTHING: Labelled = { nLabels: 0, boxes: new Uint32Array(0) };

/**
 * Find the sources of a mosaic: romancal 1.0.1 source_catalog (source_catalog_step.py, _background.py, _detection.py):
 * background mesh and its rms, Gaussian smoothing that leaves out masked pixels, pixels above snr_threshold * rms,
 * 8-connected components of at least npixels pixels, numbered in raster order of their first pixel; overlapping ones separated
 * where `deblend` asks for it. Large mosaics are worked on in bands of rows; the bits do not depend on them.
 * Nothing of the mosaic is changed. Throws UserError for an option out of range.
 */
export async function detectSources(
  { gpu, log }: Pick<RunContext, "gpu" | "log">,
  mosaic: MosaicPlanes,
  options: DetectOptions,
): Promise<Detection> {
  const images = new DetectedImages(gpu, mosaic, checkDetectOptions(options));
  try {
    const background = await makeBackground(images, options.bkg_boxsize);
    if (!background) return noDetection(images, "All pixels are masked.");
    let found = await findSources(images, options.npixels);
    if (options.deblend && found.nLabels) found = await deblend(images, found, options.npixels);
    log.info(`Detected ${found.nLabels} sources`);
    const emptyReason = found.nLabels ? undefined : "No sources were detected.";
    return { nx: mosaic.nx, ny: mosaic.ny, images, ...found, background, emptyReason };
  } catch (error) {
    images.free();
    throw error;
  }
}

/** The background that the images are to be made with; undefined where all pixels are masked. */
export async function makeBackground(
  images: DetectedImages,
  boxsize: number,
): Promise<BackgroundMesh | undefined> {
  const { nx, ny, gpu } = images;
  const whole = images.inOneBand ? await images.wholePlanes() : undefined;
  const image: BoxImage = {
    nx,
    ny,
    mostRows: images.mostRows,
    load: async (y0, rows) =>
      whole
        ? { ...whole, y0: 0, free: () => undefined }
        : { ...(await images.planes({ x0: 0, y0, nx, ny: rows })), y0 },
  };
  const mesh = await backgroundMesh(gpu, image, boxsize);
  if (mesh) images.setBackground(mesh);
  return mesh;
}

/** A detection without sources. */
export function noDetection(images: DetectedImages, emptyReason: EmptyReason): Detection {
  const { nx, ny } = images;
  const none = new Float32Array(0);
  const background = { nx: 0, ny: 0, box: [ny, nx] as const, background: none, rms: none };
  return { nx, ny, images, ...NOTHING, background, emptyReason };
}

/** Throws UserError, naming the option, where a value is out of range. */
export function checkDetectOptions(options: DetectOptions): DetectOptions {
  const demand = (good: boolean, name: keyof DetectOptions, expected: string): void => {
    if (!good)
      throw new UserError(`source_catalog.${name}: expected ${expected}, got ${String(options[name])}`);
  };
  const { bkg_boxsize, kernel_fwhm, snr_threshold, npixels } = options;
  const widest = (2 * MAX_RADIUS + 1) / 3;
  demand(Number.isInteger(bkg_boxsize) && bkg_boxsize > 0, "bkg_boxsize", "a positive number of pixels");
  demand(kernel_fwhm > 0 && kernel_fwhm <= widest, "kernel_fwhm", `0 < pixels <= ${widest.toFixed(2)}`);
  demand(Number.isFinite(snr_threshold), "snr_threshold", "a number");
  demand(Number.isInteger(npixels) && npixels > 0, "npixels", "a positive whole number");
  return options;
}

/** Detection image and labels of all bands. */
async function findSources(images: DetectedImages, npixels: number): Promise<Labelled> {
  const { gpu } = images;
  if (!images.inOneBand) return findInBands(images, npixels);
  const seeded = await images.seed(images.bands[0]);
  try {
    const none = new Uint32Array(0);
    const areas = await numberComponents(gpu, seeded);
    const { nLabels, tables } = joinBands([{ y0: 0, areas, first: none, last: none }], npixels);
    labelComponents(gpu, seeded, tables[0]);
    return { nLabels, boxes: await boundingBoxes(gpu, seeded, nLabels) };
  } finally {
    seeded.free();
  }
}

/** The same in several bands: each band's components are numbered and joined to those of the band above. */
async function findInBands(images: DetectedImages, npixels: number): Promise<Labelled> {
  const { gpu, nx } = images;
  const numbered = new FrameEncoder();
  const found: BandComponents[] = [];
  const boxes: Uint32Array[] = [];
  for (const band of images.bands) {
    const seeded = await images.seed(band);
    try {
      const areas = await numberComponents(gpu, seeded);
      labelComponents(
        gpu,
        seeded,
        Uint32Array.from(areas, (_, i) => i + 1),
      );
      boxes.push(await boundingBoxes(gpu, seeded, areas.length));
      const bytes = 4 * nx * band.ny;
      await numbered.append(gpu.pieces(seeded.labels, 0, bytes));
      const row = (y: number): Promise<Uint32Array> => gpu.read(seeded.labels, Uint32Array, 4 * nx * y, nx);
      found.push({ y0: band.y0, areas, first: await row(0), last: await row(band.ny - 1) });
    } finally {
      seeded.free();
    }
  }
  const joined = joinBands(found, npixels);
  images.labels = labelRows(images, await numbered.finish(), joined.tables);
  return { nLabels: joined.nLabels, boxes: joinBoxes(found, boxes, joined) };
}

/** Labels from the numbers that components have in their bands. */
function labelRows(
  { nx, bands }: DetectedImages,
  numbers: FrameStore,
  tables: readonly Uint32Array[],
): RowPlane<Uint32Array> {
  let held = new Uint32Array(0);
  return {
    rows(first, count) {
      if (held.length < nx * count) held = new Uint32Array(nx * count);
      const labels = held.subarray(0, nx * count);
      numbers.readSync(4 * nx * first, 4 * nx * count, new Uint8Array(labels.buffer, 0, labels.byteLength));
      for (const [k, { y0, ny }] of bands.entries()) {
        const [from, to] = [Math.max(first, y0), Math.min(first + count, y0 + ny)];
        if (from < to) relabel(labels.subarray((from - first) * nx, (to - first) * nx), tables[k]);
      }
      return labels;
    },
  };
}

function relabel(labels: Uint32Array, table: Uint32Array): void {
  for (let i = 0; i < labels.length; i++) if (labels[i]) labels[i] = table[labels[i] - 1];
}

async function deblend(images: DetectedImages, found: Labelled, npixels: number): Promise<Labelled> {
  const { labels, detectionImage } = await images.products();
  const separated = deblendSegments({ nx: images.nx, detection: detectionImage!, labels, ...found }, npixels);
  images.relabel(labels);
  return separated;
}
