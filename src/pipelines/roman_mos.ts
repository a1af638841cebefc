import type { FrameFile } from "../host/asdf/index.js";
import {
  type AsdfMap,
  type AsdfValue,
  type Dataset,
  type MosaicSegmentationMap,
  type MosaicSourceCatalog,
  type OpenedDataset,
  type WfiImage,
  type WfiMosaic,
} from "../host/models/index.js";
import { type Run, type RunReport, libraryOf, noteSkipped, withDataset, withRun } from "./call.js";
import { flux } from "./flux.js";
import { callCatalogHooks, callExposureHooks, callMosaicHooks } from "./hooks.js";
import type { ModelLibrary } from "./library.js";
import {
  type Checked,
  type MosaicOptions,
  checkMembers,
  checkOptions,
  checkReferences,
  inputOf,
} from "./mosaic_options.js";
import { MosaicProducts, isSaved, prepareFolders, productNameOf } from "./mosaic_products.js";
import { folderOf, inputName } from "./naming.js";
import type { StepOptions } from "./options.js";
import { outlierDetection } from "./outlier_detection.js";
import { type ResampleResult, resample } from "./resample.js";
import { keepArrays, writeExposures } from "./saving.js";
import { skymatch } from "./skymatch.js";
import { sourceCatalog } from "./source_catalog.js";

export interface MosaicResult {
  readonly mosaic: WfiMosaic;
  /** Absent where source_catalog is skipped. */
  readonly catalog?: MosaicSourceCatalog;
  readonly segmentation?: MosaicSegmentationMap;
  /** The exposures, their metadata as the steps left it. */
  readonly exposures: readonly WfiImage[];
  readonly report: RunReport;
}

/** What is left where resample is skipped. */
export type UnmosaickedResult = Pick<MosaicResult, "exposures" | "report"> & { readonly mosaic?: undefined };

/** Options that skip resample, and so source_catalog. */
export interface UnmosaickedOptions extends MosaicOptions {
  readonly steps: MosaicOptions["steps"] & {
    readonly resample: { readonly skip: true };
    readonly source_catalog: { readonly skip: true };
  };
}

/** What a run of the pipeline has made. */
type Made = Omit<MosaicResult, "mosaic" | "report"> & { readonly mosaic?: WfiMosaic };

/**
 * romancal's MosaicPipeline (`roman_mos`): exposures in, a mosaic, its catalog and its segmentation map out; without resample the
 * exposures, with their arrays.
 * @param dataset an association or `_cal` file, a list of these, or models in memory (which the steps change in their metadata)
 * @throws UserError for an option, a file or metadata that is missing or wrong; nothing is written then
 */
function call(dataset: Dataset, options: UnmosaickedOptions): Promise<UnmosaickedResult>;
function call(dataset: Dataset, options?: MosaicOptions): Promise<MosaicResult>;
async function call(
  dataset: Dataset,
  options: MosaicOptions = {},
): Promise<MosaicResult | UnmosaickedResult> {
  const checked = checkOptions(options);
  const { own, steps } = checked;
  await prepareFolders(checked);
  const made = await withDataset(inputOf(dataset, own.input_dir), async (opened) => {
    checkMembers(steps, opened.models);
    await checkReferences(steps, opened.models, options.dust_maps);
    return withRun(options, (run) =>
      pipeline(run, opened, checked, inputName(dataset), options.download_exposures ?? false),
    );
  });
  return made as MosaicResult | UnmosaickedResult;
}

export const MosaicPipeline = { class_alias: "roman_mos", call } as const;

async function pipeline(
  run: Run,
  opened: OpenedDataset,
  checked: Checked,
  input: string | undefined,
  download: boolean,
): Promise<Made> {
  const { own, steps } = checked;
  const start = libraryOf(run, opened, own.on_disk);
  start.pixelsWanted = download || steps.resample.skip;
  run.foresee(steps, start.groupIndices().size);
  if (own.skip) run.log.info("Step run as standalone, so skip set to False");
  let library = await imageSteps(run, await callExposureHooks(own.pre_hooks, start), checked, input);
  library = await callExposureHooks(steps.resample.pre_hooks, library);
  if (steps.resample.skip) return unmosaicked(run, library, checked);
  keepLogs(library, run);
  const products = new MosaicProducts(run, checked, library, input);
  try {
    const building = { frames: products.frames.mosaic, keep: !steps.source_catalog.skip };
    const work = (): Promise<ResampleResult> => resample(run.ctx, library, steps.resample, building);
    const resampled = await callMosaicHooks(steps.resample.post_hooks, await run.step("resample", work));
    if (download) for (const exposure of library.exposures) await exposure.download();
    await library.evictAll();
    const found = await catalogOf(run, resampled, steps, products.frames.segmentation);
    resampled.mosaic.meta.cal_logs = [...run.log.lines];
    const { mosaic } = await callMosaicHooks(own.post_hooks, { mosaic: resampled.mosaic });
    await products.save(mosaic, found);
    return { mosaic, ...found, exposures: modelsOf(library) };
  } finally {
    await products.close();
  }
}

/**
 * Without resample the exposures are the pipeline's result, under the name of its product; its post_hooks and those of the steps
 * that are skipped, which take a mosaic, are not called.
 */
async function unmosaicked(run: Run, library: ModelLibrary, checked: Checked): Promise<Made> {
  const { own, suffix } = checked;
  for (const name of ["resample", "source_catalog"] as const) {
    run.log.info(`Step ${name} skipped.`);
    noteSkipped(modelsOf(library), name);
  }
  if (isSaved(own)) {
    const output_file = own.output_file ?? productNameOf(checked, library, "exposures");
    const names = { ...own, output_file, suffix, defaultSuffix: suffix };
    const saving = { names, counted: true, calLogs: run.log.lines };
    run.files.push(...(await writeExposures(run.ctx.gpu, library, saving)));
  } else for (const exposure of library.exposures) await keepArrays(exposure);
  await library.evictAll();
  return { exposures: modelsOf(library) };
}

const modelsOf = ({ exposures }: ModelLibrary): WfiImage[] => exposures.map(({ model }) => model);

/** flux, skymatch, outlier_detection, as far as they are not skipped. */
async function imageSteps(
  run: Run,
  start: ModelLibrary,
  { own, steps }: Checked,
  input: string | undefined,
): Promise<ModelLibrary> {
  let library = start;
  const work: Record<"flux" | "skymatch" | "outlier_detection", () => Promise<void>> = {
    flux: async () => flux(run.ctx, library),
    skymatch: () => skymatch(run.ctx, library, steps.skymatch),
    outlier_detection: async () => {
      const options = steps.outlier_detection;
      run.files.push(...(await outlierDetection(run.ctx, library, options, folderOf(options, own))));
    },
  };
  for (const [name, task] of Object.entries(work) as [keyof typeof work, () => Promise<void>][]) {
    const options = steps[name];
    library = await callExposureHooks(options.pre_hooks, library);
    if (options.skip) {
      run.log.info(`Step ${name} skipped.`);
      noteSkipped(modelsOf(library), name);
    } else await run.step(name, task);
    library = await callExposureHooks(options.post_hooks, library);
    if (isSaved(options) && !options.skip) {
      const names = { ...options, defaultSuffix: name, input, parent: own };
      const saving = { names, asnId: asnIdOf(name, library), counted: true, calLogs: run.log.lines };
      run.files.push(...(await writeExposures(run.ctx.gpu, library, saving)));
    }
  }
  return library;
}

/** The association's id, which outlier_detection puts into the names of its results. */
export function asnIdOf(step: string, { association, length }: ModelLibrary): string | undefined {
  return step === "outlier_detection" && length > 1 ? association.id : undefined;
}

/** Each exposure's cal_logs goes on with the log of this run, as after each step of romancal's. */
function keepLogs(library: ModelLibrary, run: Run): void {
  for (const { model } of library.exposures) {
    const meta: AsdfMap = model.meta;
    const own: AsdfValue[] = Array.isArray(meta.cal_logs) ? meta.cal_logs : [];
    meta.cal_logs = [...own, ...run.log.lines];
  }
}

async function catalogOf(
  run: Run,
  resampled: ResampleResult,
  { source_catalog: options }: StepOptions,
  frames: FrameFile | undefined,
): Promise<{ catalog?: MosaicSourceCatalog; segmentation?: MosaicSegmentationMap }> {
  const { mosaic, planes } = await callMosaicHooks(options.pre_hooks, resampled);
  try {
    if (options.skip) {
      run.log.info("Step source_catalog skipped.");
      noteSkipped([mosaic], "source_catalog");
      return {};
    }
    const work = (): ReturnType<typeof sourceCatalog> =>
      sourceCatalog(run.ctx, mosaic, options, planes, { frames });
    const { catalog, segmentation } = await run.step("source_catalog", work);
    return await callCatalogHooks(options.post_hooks, { catalog, segmentation });
  } finally {
    for (const buffer of Object.values(planes ?? {})) buffer.free();
  }
}
