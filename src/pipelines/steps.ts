import { basename } from "node:path";
import {
  type Dataset,
  type MosaicSegmentationMap,
  type MosaicSourceCatalog,
  type PlaneName,
  UserError,
  type WfiImage,
  WfiMosaic,
  prepareFolder,
  writeProducts,
} from "../host/models/index.js";
import { type EngineOptions, type Run, type RunReport, libraryOf, withDataset, withRun } from "./call.js";
import { flux } from "./flux.js";
import { callExposureHooks, callHooks, callMosaicHooks } from "./hooks.js";
import type { ModelLibrary } from "./library.js";
import { type Spec, resolve } from "./option_types.js";
import {
  FLUX,
  type FluxOptions,
  OUTLIER_DETECTION,
  type OutlierDetectionOptions,
  RESAMPLE,
  type ResampleOptions,
  SKYMATCH,
  type SkyMatchOptions,
  SOURCE_CATALOG,
  type SourceCatalogOptions,
  type StepName,
} from "./options.js";
import { outlierDetection } from "./outlier_detection.js";
import { resample } from "./resample.js";
import { inputOf } from "./roman_mos.js";
import { folderOf, mosaicProducts, productName, writeExposures } from "./saving.js";
import { skymatch } from "./skymatch.js";
import { sourceCatalog } from "./source_catalog.js";

/** Exposures as a step left them: metadata and arrays. */
export interface ImageStepResult {
  readonly exposures: readonly WfiImage[];
  readonly report: RunReport;
}

export interface ResampleStepResult {
  readonly mosaic: WfiMosaic;
  readonly report: RunReport;
}

export interface SourceCatalogStepResult {
  readonly catalog: MosaicSourceCatalog;
  readonly segmentation: MosaicSegmentationMap;
  readonly report: RunReport;
}

type CallOptions<O> = EngineOptions & Partial<O> & { readonly save_suffix?: string };

/** A step that changes exposures, run alone. */
function imageStep<O extends FluxOptions>(
  name: StepName,
  spec: Spec,
  work: (run: Run, library: ModelLibrary, options: O) => Promise<void> | void,
): { class_alias: StepName; call(dataset: Dataset, options?: CallOptions<O>): Promise<ImageStepResult> } {
  return {
    class_alias: name,
    async call(dataset, options = {}) {
      const checked = resolve(spec, own(options), "--") as unknown as O;
      if (checked.save_results) await prepareFolder(folderOf(checked));
      return withDataset(inputOf(dataset, checked.input_dir), (opened) =>
        withRun(options, async (run) => {
          const library = libraryOf(run, opened);
          await callExposureHooks(checked.pre_hooks, library);
          await run.step(name, async () => work(run, library, checked));
          await callExposureHooks(checked.post_hooks, library);
          if (checked.save_results) {
            const suffix = options.save_suffix ?? checked.suffix ?? name;
            run.files.push(...(await writeExposures(library, folderOf(checked), suffix, run.log.lines)));
          } else for (const exposure of library.exposures) await keepArrays(exposure);
          return { exposures: opened.models };
        }),
      );
    },
  };
}

/** The exposure's arrays in memory, those too that the step left alone: its file is closed when the step has ended. */
async function keepArrays(exposure: ModelLibrary["exposures"][number]): Promise<void> {
  await exposure.download();
  const { model } = exposure;
  const { shape, ...planes } = await model.arrays();
  void shape;
  for (const [name, array] of Object.entries(planes)) if (array) model.setPlane(name as PlaneName, array);
}

function own<O extends EngineOptions & { save_suffix?: string }>(options: O): Record<string, unknown> {
  const { device, gpu, skymap, dust_maps, log, profile, progress, save_suffix, ...rest } = options;
  void [device, gpu, skymap, dust_maps, log, profile, progress, save_suffix];
  return rest;
}

/** romancal's FluxStep: exposures to MJy/sr. */
export const FluxStep = imageStep("flux", FLUX, (run, library) => flux(run.ctx, library));

/** romancal's SkyMatchStep: the sky of each exposure. */
export const SkyMatchStep = imageStep("skymatch", SKYMATCH, (run, library, options: SkyMatchOptions) =>
  skymatch(run.ctx, library, options),
);

/** romancal's OutlierDetectionStep: outliers in DQ. */
export const OutlierDetectionStep = imageStep(
  "outlier_detection",
  OUTLIER_DETECTION,
  async (run, library, options: OutlierDetectionOptions) => {
    run.files.push(...(await outlierDetection(run.ctx, library, options, folderOf(options))));
  },
);

/** romancal's ResampleStep: exposures to one mosaic. */
export const ResampleStep = {
  class_alias: "resample",
  async call(dataset: Dataset, options: CallOptions<ResampleOptions> = {}): Promise<ResampleStepResult> {
    const checked = resolve(RESAMPLE, own(options), "--");
    if (checked.save_results) await prepareFolder(folderOf(checked));
    return withDataset(inputOf(dataset, checked.input_dir), (opened) =>
      withRun(options, async (run) => {
        const library = libraryOf(run, opened);
        await callExposureHooks(checked.pre_hooks, library);
        const drizzled = await run.step("resample", () => resample(run.ctx, library, checked));
        const { mosaic, planes } = await callMosaicHooks(checked.post_hooks, drizzled);
        for (const buffer of Object.values(planes ?? {})) buffer.free();
        await library.evictAll();
        mosaic.meta.cal_logs = [...run.log.lines];
        if (checked.save_results) {
          const name = productName(checked, opened.association.productName ?? mosaic.filename);
          const suffix = options.save_suffix ?? checked.suffix ?? "i2d";
          run.files.push(
            ...(await writeProducts(mosaicProducts(folderOf(checked), name, suffix, { mosaic }))),
          );
        }
        return { mosaic };
      }),
    );
  },
} as const;

/** romancal's SourceCatalogStep on a mosaic: its sources. */
export const SourceCatalogStep = {
  class_alias: "source_catalog",
  /** @param dataset a mosaic, or the file of one that this engine or romancal wrote */
  async call(
    dataset: WfiMosaic | string,
    options: CallOptions<SourceCatalogOptions> = {},
  ): Promise<SourceCatalogStepResult> {
    const checked = resolve(SOURCE_CATALOG, own(options), "--");
    if (checked.save_results) await prepareFolder(folderOf(checked));
    const mosaic = dataset instanceof WfiMosaic ? dataset : await openMosaic(dataset, checked.input_dir);
    try {
      return await withRun(options, async (run) => {
        await callHooks(checked.pre_hooks, mosaic);
        const { catalog, segmentation } = await run.step("source_catalog", () =>
          sourceCatalog(run.ctx, mosaic, checked),
        );
        await callHooks(checked.post_hooks, { catalog, segmentation });
        if (checked.save_results) {
          const name = productName(checked, basename(mosaic.filename));
          const results = { catalog, segmentation };
          run.files.push(...(await writeProducts(mosaicProducts(folderOf(checked), name, "i2d", results))));
        }
        return { catalog, segmentation };
      });
    } finally {
      if (mosaic !== dataset) await mosaic.close();
    }
  },
} as const;

function openMosaic(path: string, inputDir: string | null): Promise<WfiMosaic> {
  if (/\.json$/i.test(path))
    throw new UserError(`${path}: source_catalog alone takes a mosaic (_i2d or _coadd), not an association`);
  return WfiMosaic.open(inputDir ? `${inputDir}/${path}` : path);
}
