import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import { UserError } from "../host/errors.js";
import { readForcedSegmentation } from "../host/models/forced_segmentation.js";
import {
  MosaicSegmentationMap,
  MosaicSourceCatalog,
  SOFTWARE_NAME,
  SOFTWARE_VERSION,
  type WfiMosaic,
} from "../host/models/index.js";
import { scalePlane } from "../shaders/flux/kernels.js";
import type { RunContext } from "./context.js";
import { strides } from "./flux.js";
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
import { detectSources, freeDetection } from "./source_catalog/detection.js";
import { type ForcedDetection, forceSources } from "./source_catalog/forced.js";
import type { MeasureImages } from "./source_catalog/measure_device.js";
import { type CatalogReferences, openReferences, spatialFrame } from "./source_catalog/references.js";
import type { Detection } from "./source_catalog/types.js";
import { fluxFactor, skyScale } from "./source_catalog/units.js";

/** A mosaic's planes on the device, row-major f32; the caller's to free. */
export interface CatalogPlanes {
  readonly data: DeviceBuffer;
  readonly err: DeviceBuffer;
  readonly weight: DeviceBuffer;
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
 */
export async function sourceCatalog(
  ctx: CatalogContext,
  mosaic: WfiMosaic,
  options: SourceCatalogOptions,
  planes?: CatalogPlanes,
): Promise<SourceCatalogResult> {
  const { forced_segmentation } = options;
  const forced = forced_segmentation
    ? await readForcedSegmentation(forced_segmentation, mosaic.shape)
    : undefined;
  const references = await openReferences(ctx, mosaic, options);
  const onDevice = planes ?? (await upload(ctx.gpu, mosaic));
  try {
    const [ny, nx] = mosaic.shape;
    const detection = await ctx.timer.time("detect", () =>
      forced
        ? forceSources(ctx, { ...onDevice, nx, ny }, options, forced)
        : detectSources(ctx, { ...onDevice, nx, ny }, options),
    );
    ctx.progress("source_catalog", 0.5);
    try {
      const table = await ctx.timer.time("measure", () =>
        measure(ctx, mosaic, onDevice, detection, options, references),
      );
      const segmentation = await ctx.timer.time("read back", () =>
        segmentationOf(ctx.gpu, mosaic, detection, table),
      );
      ctx.progress("source_catalog", 1);
      const versions = { [SOFTWARE_NAME]: SOFTWARE_VERSION };
      const catalog = MosaicSourceCatalog.make(mosaic, table, versions, forced?.path);
      return { catalog, segmentation, table };
    } finally {
      freeDetection(detection);
      if (isForced(detection)) detection.forcedImage.free();
    }
  } finally {
    if (!planes) for (const buffer of Object.values(onDevice)) (buffer as DeviceBuffer).free();
    await references.dust?.close();
  }
}

async function measure(
  ctx: CatalogContext,
  mosaic: WfiMosaic,
  { weight }: CatalogPlanes,
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
  const full = async (images: MeasureImages): Promise<CatalogDraft> => {
    const draft = await measureCatalog(ctx.gpu, images, mosaic.wcs, settings);
    if (psf) await addPsf(ctx.gpu, images, mosaic.wcs, psf, draft);
    return draft;
  };
  const images = { ...detection, weight };
  if (!isForced(detection)) return finishCatalog(await full(images));
  const shapes = await measureShapes(ctx.gpu, images, mosaic.wcs, settings);
  const { values, meta } = await full({ ...images, detection: detection.forcedImage });
  return forcedTable(detection.sources.labels, values, shapes.values, meta);
}

function isForced(detection: Detection): detection is ForcedDetection {
  return "sources" in detection;
}

/** Labels and detection image; the image times MJy/sr to nJy, as romancal's measurements leave it (a forced one, which is in nJy already, too). */
async function segmentationOf(
  gpu: Gpu,
  mosaic: WfiMosaic,
  found: Detection | ForcedDetection,
  table: CatalogTable,
): Promise<MosaicSegmentationMap> {
  const { nx, ny, nLabels } = found;
  const count = nx * ny;
  const [labels, image] = isForced(found)
    ? [found.sources.map, found.forcedImage]
    : [await gpu.read(found.segmentation, Uint32Array, 0, count), found.detection];
  if (!nLabels || !table.rows) return MosaicSegmentationMap.make(mosaic, labels);
  const factor = fluxFactor(
    skyScale(mosaic.wcs, nx, ny, mosaic.metadata.optionalNumber("photometry.pixel_area")),
  );
  gpu
    .recorder("source_catalog: detection image to nJy")
    .run(scalePlane, { params: { words: count, factor }, plane: image }, [strides(count)], {
      HALF: false,
    })
    .submit();
  return MosaicSegmentationMap.make(mosaic, labels, await gpu.read(image, Float32Array, 0, count));
}

async function upload(gpu: Gpu, mosaic: WfiMosaic): Promise<CatalogPlanes> {
  const plane = async (name: string): Promise<DeviceBuffer> => {
    const values = await mosaic.plane(name)?.read();
    if (!(values instanceof Float32Array))
      throw new UserError(`${mosaic.filename}: roman.${name}: expected an image of float32`);
    return gpu.upload(`mosaic ${name}`, values);
  };
  return { data: await plane("data"), err: await plane("err"), weight: await plane("weight") };
}
