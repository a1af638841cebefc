import type { DeviceBuffer } from "../gpu/index.js";
import { type FrameFile, FrameStore } from "../host/asdf/index.js";
import { UserError } from "../host/errors.js";
import { readForcedSegmentation } from "../host/models/forced_segmentation.js";
import {
  MosaicSegmentationMap,
  MosaicSourceCatalog,
  SOFTWARE_NAME,
  SOFTWARE_VERSION,
  type WfiMosaic,
} from "../host/models/index.js";
import type { RunContext } from "./context.js";
import { keeperOf } from "./mosaic_planes.js";
import type { SourceCatalogOptions } from "./options.js";
import {
  type CatalogDraft,
  type CatalogOptions,
  finishCatalog,
  measureCatalog,
  measureShapes,
} from "./source_catalog/catalog.js";
import { addPsf } from "./source_catalog/catalog_psf.js";
import { type CatalogTable, emptyTable } from "./source_catalog/columns.js";
import { emptyForcedTable, forcedTable } from "./source_catalog/columns_forced.js";
import { detectSources } from "./source_catalog/detection.js";
import { type ForcedDetection, forceSources } from "./source_catalog/forced.js";
import { detectedParts } from "./source_catalog/measure_parts.js";
import type { RowPlane } from "./source_catalog/parts.js";
import { type CatalogReferences, openReferences, spatialFrame } from "./source_catalog/references.js";
import type { Detection } from "./source_catalog/types.js";
import { fluxFactor, skyScale } from "./source_catalog/units.js";

/** A mosaic's planes on the device, row-major f32; the caller's to free. */
export interface CatalogPlanes {
  readonly data: DeviceBuffer;
  readonly err: DeviceBuffer;
}

export interface SourceCatalogResult {
  readonly catalog: MosaicSourceCatalog;
  readonly segmentation: MosaicSegmentationMap;
  readonly table: CatalogTable;
}

type CatalogContext = Pick<RunContext, "gpu" | "log" | "timer" | "progress" | "skymap" | "dustMaps">;

/**
 * Detect and measure the sources of a mosaic (romancal 1.0.1 source_catalog/source_catalog_step.py). `planes` are the mosaic's on
 * the device where they still lie there; else they are sent up. The mosaic is not changed. Without sources the catalog is
 * romancal's empty one and the segmentation map is zero. With `forced_segmentation` the sources of that map are measured in place of
 * found ones. Throws UserError where a reference or an option is missing or wrong.
 * @param frames holds the planes of the segmentation map, where it is to be saved
 * @param maxRows most rows of the mosaic that are worked on together, beside what the device holds; results do not depend on it
 */
export async function sourceCatalog(
  ctx: CatalogContext,
  mosaic: WfiMosaic,
  options: SourceCatalogOptions,
  planes?: CatalogPlanes,
  { frames, maxRows }: { readonly frames?: FrameFile; readonly maxRows?: number } = {},
): Promise<SourceCatalogResult> {
  const { forced_segmentation } = options;
  const forced = forced_segmentation
    ? await readForcedSegmentation(forced_segmentation, mosaic.shape)
    : undefined;
  const references = await openReferences(ctx, mosaic, options);
  try {
    const [ny, nx] = mosaic.shape;
    const { data, err } = planes ?? { data: await plane(mosaic, "data"), err: await plane(mosaic, "err") };
    const image = { data, err, nx, ny, maxRows };
    const detection = await ctx.timer.time("detect", () =>
      forced ? forceSources(ctx, image, options, forced) : detectSources(ctx, image, options),
    );
    ctx.progress("source_catalog", 0.5);
    try {
      const table = await ctx.timer.time("measure", () =>
        measure(ctx, mosaic, detection, options, references),
      );
      const segmentation = await ctx.timer.time("read back", () =>
        segmentationOf(mosaic, detection, table, frames),
      );
      ctx.progress("source_catalog", 1);
      const versions = { [SOFTWARE_NAME]: SOFTWARE_VERSION };
      const catalog = MosaicSourceCatalog.make(mosaic, table, versions, forced?.path);
      return { catalog, segmentation, table };
    } finally {
      detection.images.free();
    }
  } finally {
    await references.dust?.close();
  }
}

async function measure(
  ctx: CatalogContext,
  mosaic: WfiMosaic,
  detection: Detection | ForcedDetection,
  options: SourceCatalogOptions,
  { energy, psf, dust }: CatalogReferences,
): Promise<CatalogTable> {
  if (detection.emptyReason) {
    ctx.log.warn(`Cannot create source catalog. ${detection.emptyReason}`);
    return isForced(detection) ? emptyForcedTable() : emptyTable();
  }
  const settings: CatalogOptions = {
    kernel_fwhm: options.kernel_fwhm,
    energy,
    dust,
    spatial: await spatialFrame(ctx, mosaic),
    pixelArea: mosaic.metadata.optionalNumber("photometry.pixel_area"),
    warn: (message) => ctx.log.warn(message),
  };
  const { images, boxes } = detection;
  const weight = await plane(mosaic, "weight");
  const warn = settings.warn;
  const full = async (image?: Float32Array): Promise<CatalogDraft> => {
    const sources = { parts: detectedParts(images, warn, image), boxes, weight };
    const draft = await measureCatalog(ctx.gpu, sources, mosaic.wcs, settings);
    if (psf) await addPsf(ctx.gpu, detectedParts(images, warn, "none"), mosaic.wcs, psf, draft);
    return draft;
  };
  if (!isForced(detection)) return finishCatalog(await full());
  const shapes = await measureShapes(
    ctx.gpu,
    { parts: detectedParts(images, warn), boxes },
    mosaic.wcs,
    settings,
  );
  const { values, meta } = await full(detection.forcedImage);
  return forcedTable(detection.sources.labels, values, shapes.values, meta);
}

function isForced(detection: Detection): detection is ForcedDetection {
  return "sources" in detection;
}

/** Labels and detection image; the image times MJy/sr to nJy, as romancal's measurements leave it (a forced one, which is in nJy already, too). */
async function segmentationOf(
  mosaic: WfiMosaic,
  found: Detection | ForcedDetection,
  table: CatalogTable,
  frames: FrameFile | undefined,
): Promise<MosaicSegmentationMap> {
  const { nx, ny, nLabels, images } = found;
  const keep = async (name: "labels" | "detection image", pieces: AsyncIterable<Uint8Array>) => {
    const keeper = keeperOf(name, mosaic.shape, 1, { frames, whole: true });
    try {
      await keeper.add(0, pieces);
      return await keeper.finish();
    } finally {
      keeper.abandon();
    }
  };
  const forced = isForced(found) ? found : undefined;
  const labels = await keep("labels", forced ? onePiece(forced.sources.map) : images.labelPieces());
  const detection = forced ? onePiece(forced.forcedImage) : images.detectionPieces();
  if (!nLabels || !table.rows || !detection) return MosaicSegmentationMap.make(mosaic, labels);
  const area = mosaic.metadata.optionalNumber("photometry.pixel_area");
  const factor = Math.fround(fluxFactor(skyScale(mosaic.wcs, nx, ny, area)));
  const detectionImage = await keep("detection image", scaled(detection, factor));
  return MosaicSegmentationMap.make(mosaic, labels, detectionImage);
}

async function* onePiece({ buffer, byteOffset, byteLength }: ArrayBufferView): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Pieces of f32 times a factor; they themselves may not be writable. */
async function* scaled(pieces: AsyncIterable<Uint8Array>, factor: number): AsyncGenerator<Uint8Array> {
  let out = new Float32Array(0);
  for await (const { buffer, byteOffset, length } of pieces) {
    const values = new Float32Array(buffer, byteOffset, length / 4);
    if (out.length < values.length) out = new Float32Array(values.length);
    scale(values, factor, out);
    yield new Uint8Array(out.buffer, 0, length);
  }
}

/** Apart from the generator, whose loops are not optimised. */
function scale(values: Float32Array, factor: number, out: Float32Array): void {
  for (let i = 0; i < values.length; i++) out[i] = values[i] * factor;
}

/** A plane of the mosaic: by rows where it is packed, else all of it. */
async function plane(mosaic: WfiMosaic, name: string): Promise<Float32Array | RowPlane<Float32Array>> {
  const node = mosaic.plane(name);
  const store = node?.store;
  if (store instanceof FrameStore && node?.datatype === "float32") {
    const row = 4 * mosaic.shape[1];
    let held = new Float32Array(0);
    const rows = (first: number, count: number): Float32Array => {
      const values = count * mosaic.shape[1];
      if (held.length < values) held = new Float32Array(values);
      store.readSync(row * first, row * count, new Uint8Array(held.buffer, 0, row * count));
      return held.subarray(0, values);
    };
    return { rows };
  }
  const values = await node?.read();
  if (!(values instanceof Float32Array))
    throw new UserError(`${mosaic.filename}: roman.${name}: expected an image of float32`);
  return values;
}
