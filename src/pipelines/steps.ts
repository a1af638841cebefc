import { basename } from "node:path";
import {
  Association,
  type Dataset,
  type MosaicSegmentationMap,
  type MosaicSourceCatalog,
  UserError,
  type WfiImage,
  WfiMosaic,
  prepareFolder,
  writeProducts,
} from "../host/models/index.js";
import { type EngineOptions, type Run, type RunReport, libraryOf, withDataset, withRun } from "./call.js";
import { flux } from "./flux.js";
import { callCatalogHooks, callExposureHooks, callMosaicHooks } from "./hooks.js";
import type { ModelLibrary } from "./library.js";
import { inputOf, saveSuffix } from "./mosaic_options.js";
import { isSaved } from "./mosaic_products.js";
import { type NameOptions, type NameParts, folderOf, inputName, resultPath } from "./naming.js";
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
import { asnIdOf } from "./roman_mos.js";
import {
  addStatistics,
  catalogProducts,
  keepArrays,
  mosaicFrames,
  mosaicProduct,
  productName,
  refuseOverwriting,
  writeExposures,
} from "./saving.js";
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

/** How a step's results are called where it runs alone: as stpipe has it, by the step's class. */
function namesOf(
  options: NameOptions,
  className: string,
  saveSuffixGiven: string | undefined,
  dataset: Dataset,
): NameParts {
  const suffix = saveSuffixGiven === undefined ? options.suffix : saveSuffix(saveSuffixGiven);
  return { ...options, suffix, defaultSuffix: className.toLowerCase(), input: inputName(dataset) };
}

/** A step that changes exposures, run alone. */
function imageStep<O extends FluxOptions>(
  name: StepName,
  className: string,
  spec: Spec,
  work: (run: Run, library: ModelLibrary, options: O) => Promise<void> | void,
): { class_alias: StepName; call(dataset: Dataset, options?: CallOptions<O>): Promise<ImageStepResult> } {
  return {
    class_alias: name,
    async call(dataset, options = {}) {
      const checked = resolve(spec, own(options), "--") as unknown as O;
      const names = namesOf(checked, className, options.save_suffix, dataset);
      if (isSaved(checked)) await prepareFolder(folderOf(checked));
      return withDataset(inputOf(dataset, checked.input_dir), (opened) =>
        withRun(options, async (run) => {
          const onDisk = "in_memory" in checked && checked.in_memory === false;
          const start = libraryOf(run, opened, onDisk);
          noteSkipIgnored(run, checked);
          run.foresee({ [name]: { ...checked, skip: false } }, start.groupIndices().size);
          let library = await callExposureHooks(checked.pre_hooks, start);
          await run.step(name, async () => work(run, library, checked));
          library = await callExposureHooks(checked.post_hooks, library);
          if (isSaved(checked)) {
            // one model gives one model, but to the steps that make a list of it
            const counted = name !== "flux" || library.length > 1 || isList(dataset);
            const saving = { names, asnId: asnIdOf(name, library), counted, calLogs: run.log.lines };
            run.files.push(...(await writeExposures(run.ctx.gpu, library, saving)));
          } else
            for (const exposure of library.exposures) {
              await keepArrays(exposure);
              await addStatistics(run.ctx.gpu, exposure.model);
            }
          await library.evictAll();
          return { exposures: library.exposures.map(({ model }) => model) };
        }),
      );
    },
  };
}

/** Whether the dataset is an association or a list, of however many exposures. */
function isList(dataset: Dataset): boolean {
  return Array.isArray(dataset) || dataset instanceof Association || /\.json$/i.test(String(dataset));
}

function noteSkipIgnored(run: Run, { skip }: { readonly skip: boolean }): void {
  if (skip) run.log.info("Step run as standalone, so skip set to False");
}

function own<O extends EngineOptions & { save_suffix?: string }>(options: O): Record<string, unknown> {
  const { device, gpu, skymap, dust_maps, log, profile, progress, save_suffix, ...rest } = options;
  void [device, gpu, skymap, dust_maps, log, profile, progress, save_suffix];
  return rest;
}

/** romancal's FluxStep: exposures to MJy/sr. */
export const FluxStep = imageStep("flux", "FluxStep", FLUX, (run, library) => flux(run.ctx, library));

/** romancal's SkyMatchStep: the sky of each exposure. */
export const SkyMatchStep = imageStep(
  "skymatch",
  "SkyMatchStep",
  SKYMATCH,
  (run, library, options: SkyMatchOptions) => skymatch(run.ctx, library, options),
);

/** romancal's OutlierDetectionStep: outliers in DQ. */
export const OutlierDetectionStep = imageStep(
  "outlier_detection",
  "OutlierDetectionStep",
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
    const names = namesOf(checked, "ResampleStep", options.save_suffix, dataset);
    if (isSaved(checked)) await prepareFolder(folderOf(checked));
    return withDataset(inputOf(dataset, checked.input_dir), (opened) =>
      withRun(options, async (run) => {
        noteSkipIgnored(run, checked);
        const start = libraryOf(run, opened, !checked.in_memory);
        run.foresee({ resample: { ...checked, skip: false } }, start.groupIndices().size);
        const library = await callExposureHooks(checked.pre_hooks, start);
        const pathOf = (name: string): string => resultPath(names, name);
        const frames = isSaved(checked) ? mosaicFrames(pathOf("resample_output"), library) : undefined;
        try {
          const building = { frames, keep: false };
          const drizzled = await run.step("resample", () => resample(run.ctx, library, checked, building));
          const { mosaic } = await callMosaicHooks(checked.post_hooks, drizzled);
          await library.evictAll();
          mosaic.meta.cal_logs = [...run.log.lines];
          if (isSaved(checked)) {
            const path = pathOf(mosaic.filename);
            refuseOverwriting([path], opened.models);
            run.files.push(...(await writeProducts([mosaicProduct(path, mosaic, frames)])));
          }
          return { mosaic };
        } finally {
          await frames?.remove();
        }
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
    const suffix = options.save_suffix === undefined ? checked.suffix : saveSuffix(options.save_suffix);
    if (isSaved(checked)) await prepareFolder(folderOf(checked));
    const opened = dataset instanceof WfiMosaic ? dataset : await openMosaic(dataset, checked.input_dir);
    try {
      return await withRun(options, async (run) => {
        noteSkipIgnored(run, checked);
        run.foresee({ source_catalog: { ...checked, skip: false } }, 1);
        const { mosaic } = await callMosaicHooks(checked.pre_hooks, { mosaic: opened });
        const found = await run.step("source_catalog", () => sourceCatalog(run.ctx, mosaic, checked));
        const { catalog, segmentation } = await callCatalogHooks(checked.post_hooks, found);
        if (isSaved(checked)) {
          const name = productName(checked, basename(mosaic.filename));
          const products = catalogProducts(folderOf(checked), name, suffix, { catalog, segmentation });
          const source = typeof dataset === "string" ? (inputOf(dataset, checked.input_dir) as string) : "";
          const paths = products.map(({ path }) => path);
          refuseOverwriting(paths, [{ source }]);
          run.files.push(...(await writeProducts(products)));
        }
        return { catalog, segmentation };
      });
    } finally {
      if (opened !== dataset) await opened.close();
    }
  },
} as const;

function openMosaic(path: string, inputDir: string | null): Promise<WfiMosaic> {
  if (/\.json$/i.test(path))
    throw new UserError(`${path}: source_catalog alone takes a mosaic (_i2d or _coadd), not an association`);
  return WfiMosaic.open(inputOf(path, inputDir) as string);
}
