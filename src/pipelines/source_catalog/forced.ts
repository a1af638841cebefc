import { UserError } from "../../host/errors.js";
import type { ForcedSegmentation } from "../../host/models/forced_segmentation.js";
import type { RunContext } from "../context.js";
import { DetectedImages } from "./detected_images.js";
import { checkDetectOptions, makeBackground, noDetection } from "./detection.js";
import { boxesOf } from "./label.js";
import type { Detection, DetectOptions, MosaicPlanes } from "./types.js";

/** The sources of a given segmentation map that an image shows something of. */
export interface ForcedSources {
  /** Their labels in the map, ascending. */
  readonly labels: Int32Array;
  /** The map without sources that are masked altogether. */
  readonly map: Uint32Array;
  /** The same with labels 1.. in the order of `labels`. */
  readonly dense: Uint32Array;
}

/** A detection whose sources were given. */
export interface ForcedDetection extends Detection {
  readonly sources: ForcedSources;
  /** f32: the image the sources were found in, of the map's file. */
  readonly forcedImage: Float32Array;
}

/**
 * Background, detection image and the given sources, in place of found ones (romancal 1.0.1 source_catalog_step.py,
 * forced_segmentation). An image that is masked altogether gives the empty detection. Throws UserError where no source has an
 * unmasked pixel: photutils' SourceCatalog refuses that too.
 */
export async function forceSources(
  { gpu }: Pick<RunContext, "gpu">,
  mosaic: MosaicPlanes,
  options: DetectOptions,
  { path, labels, detectionImage }: ForcedSegmentation,
): Promise<ForcedDetection> {
  const images = new DetectedImages(gpu, mosaic, checkDetectOptions(options));
  try {
    const background = await makeBackground(images, options.bkg_boxsize);
    const isMasked = await maskOf(images);
    const sources = unmaskedSources(labels, isMasked);
    const forced = { sources, forcedImage: detectionImage };
    if (!background) return { ...noDetection(images, "All pixels are masked."), ...forced };
    const nLabels = sources.labels.length;
    if (nLabels === 0)
      throw new UserError(`${path}: none of its sources has a pixel with data in this image`);
    if (images.inOneBand) (await images.seed(images.bands[0])).free();
    images.relabel(sources.dense);
    const { nx, ny } = mosaic;
    const boxes = boxesOf(sources.dense, nx, nLabels);
    return { nx, ny, images, nLabels, boxes, background, ...forced };
  } catch (error) {
    images.free();
    throw error;
  }
}

/** The coverage mask of the whole image, a bit a pixel. */
async function maskOf(images: DetectedImages): Promise<(pixel: number) => boolean> {
  const { nx } = images;
  const rows: Uint32Array[] = [];
  for (const { y0, ny } of images.bands) {
    const planes = await images.planes({ x0: 0, y0, nx, ny });
    rows.push(await images.gpu.read(planes.mask, Uint32Array, 0, Math.ceil((nx * ny) / 32)));
    planes.free();
  }
  const height = images.bands[0].ny;
  return (pixel) => {
    const band = Math.floor(pixel / (nx * height));
    const at = pixel - band * nx * height;
    return ((rows[band][at >> 5] >>> (at & 31)) & 1) === 1;
  };
}

/** Drops the sources all of whose pixels are masked. */
export function unmaskedSources(labels: Uint32Array, isMasked: (pixel: number) => boolean): ForcedSources {
  const seen = new Set<number>();
  for (let i = 0, last = 0; i < labels.length; i++) {
    if (labels[i] === 0 || labels[i] === last || isMasked(i)) continue;
    last = labels[i];
    seen.add(last);
  }
  const kept = Int32Array.from(seen).sort();
  const number = new Map(Array.from(kept, (label, i) => [label, i + 1]));
  const dense = new Uint32Array(labels.length);
  const map = new Uint32Array(labels.length);
  for (let i = 0, last = 0, place = 0; i < labels.length; i++) {
    if (labels[i] === 0) continue;
    if (labels[i] !== last) place = number.get((last = labels[i])) ?? 0;
    if (place) [dense[i], map[i]] = [place, last];
  }
  return { labels: kept, map, dense };
}
