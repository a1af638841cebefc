import type { DeviceBuffer } from "../../gpu/index.js";
import { UserError } from "../../host/errors.js";
import type { ForcedSegmentation } from "../../host/models/forced_segmentation.js";
import type { RunContext } from "../context.js";
import { freeDetection, prepareDetection } from "./detection.js";
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
  readonly forcedImage: DeviceBuffer;
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
  const prepared = await prepareDetection(gpu, mosaic, options);
  try {
    const words = Math.ceil((mosaic.nx * mosaic.ny) / 32);
    const mask = await gpu.read(prepared.mask, Uint32Array, 0, words);
    const sources = unmaskedSources(labels, (i) => ((mask[i >> 5] >>> (i & 31)) & 1) === 1);
    const nLabels = prepared.emptyReason ? 0 : sources.labels.length;
    if (!prepared.emptyReason && nLabels === 0)
      throw new UserError(`${path}: none of its sources has a pixel with data in this image`);
    gpu.write(prepared.segmentation, sources.dense);
    const forcedImage = gpu.upload("forced detection image", detectionImage);
    return { ...prepared, nLabels, sources, forcedImage };
  } catch (error) {
    freeDetection(prepared);
    throw error;
  }
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
