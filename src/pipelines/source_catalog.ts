import type { DeviceBuffer } from "../gpu/index.js";
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
 * @param maxRows most rows of the mosaic that are worked on together, beside what the device holds; results do not depend on it
 */
export async function sourceCatalog(
  ctx: CatalogContext,
  mosaic: WfiMosaic,
  options: SourceCatalogOptions,
  planes?: CatalogPlanes,
  maxRows?: number,
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
      const segmentation = await ctx.timer.time("read back", () => segmentationOf(mosaic, detection, table));
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
): Promise<MosaicSegmentationMap> {
  const { nx, ny, nLabels } = found;
  const { labels, detectionImage } = isForced(found)
    ? { labels: found.sources.map, detectionImage: found.forcedImage }
    : await found.images.products();
  if (!nLabels || !table.rows || !detectionImage) return MosaicSegmentationMap.make(mosaic, labels);
  const area = mosaic.metadata.optionalNumber("photometry.pixel_area");
  const factor = Math.fround(fluxFactor(skyScale(mosaic.wcs, nx, ny, area)));
  for (let i = 0; i < detectionImage.length; i++) detectionImage[i] *= factor;
  return MosaicSegmentationMap.make(mosaic, labels, detectionImage);
}

async function plane(mosaic: WfiMosaic, name: string): Promise<Float32Array> {
  const values = await mosaic.plane(name)?.read();
  if (!(values instanceof Float32Array))
    throw new UserError(`${mosaic.filename}: roman.${name}: expected an image of float32`);
  return values;
}
