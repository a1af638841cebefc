import { basename } from "node:path";
import { DustMaps } from "../host/dust/dust_maps.js";
import { UserError } from "../host/errors.js";
import { checkForcedSegmentation } from "../host/models/forced_segmentation.js";
import {
  type AsdfMap,
  type AsdfValue,
  type Dataset,
  type MosaicSegmentationMap,
  type MosaicSourceCatalog,
  type Product,
  type WfiImage,
  type WfiMosaic,
  ProductWriter,
  checkReference,
  interpretBitFlags,
  prepareFolder,
  readApcorr,
} from "../host/models/index.js";
import {
  type EngineOptions,
  type Run,
  type RunReport,
  libraryOf,
  noteSkipped,
  withDataset,
  withRun,
} from "./call.js";
import { fillValue } from "./drizzle_group.js";
import { flux } from "./flux.js";
import { callExposureHooks, callHooks, callMosaicHooks } from "./hooks.js";
import type { ModelLibrary } from "./library.js";
import { resolve } from "./option_types.js";
import {
  ROMAN_MOS,
  STEPS,
  STEP_NAMES,
  type RomanMosOptions,
  type StepName,
  type StepOptions,
} from "./options.js";
import { outlierDetection } from "./outlier_detection.js";
import { type ResampleResult, resample } from "./resample.js";
import { folderOf, mosaicProducts, productName, writeExposures } from "./saving.js";
import { skymatch } from "./skymatch.js";
import { NO_EPSF } from "./source_catalog/references.js";
import { sourceCatalog } from "./source_catalog.js";

/** Options of MosaicPipeline: romancal's, by romancal's names, and where to compute. */
export interface MosaicOptions extends EngineOptions, Partial<RomanMosOptions> {
  readonly steps?: { readonly [S in StepName]?: Partial<StepOptions[S]> };
  /** Suffix of the mosaic's file (default "i2d"; romancal 1.0.1 writes "coadd"). */
  readonly save_suffix?: string;
  /** Bring the exposures' arrays back as the steps left them (default false: their metadata alone). */
  readonly download_exposures?: boolean;
}

export interface MosaicResult {
  readonly mosaic: WfiMosaic;
  /** Absent where source_catalog is skipped. */
  readonly catalog?: MosaicSourceCatalog;
  readonly segmentation?: MosaicSegmentationMap;
  /** The exposures, their metadata as the steps left it. */
  readonly exposures: readonly WfiImage[];
  readonly report: RunReport;
}

interface Checked {
  readonly own: RomanMosOptions;
  readonly steps: StepOptions;
  readonly suffix: string;
}

/**
 * romancal's MosaicPipeline (`roman_mos`): exposures in, a mosaic, its catalog and its segmentation map out.
 * @param dataset an association or `_cal` file, a list of these, or models in memory (which the steps change in their metadata)
 * @throws UserError for an option, a file or metadata that is missing or wrong; nothing is written then
 */
async function call(dataset: Dataset, options: MosaicOptions = {}): Promise<MosaicResult> {
  const checked = checkOptions(options);
  const { own, steps } = checked;
  if (own.save_results) await prepareFolder(folderOf(own));
  return withDataset(inputOf(dataset, own.input_dir), async (opened) => {
    checkMembers(steps, opened.models);
    await checkReferences(steps, opened.models, options.dust_maps);
    return withRun(options, async (run) => {
      const library = libraryOf(run, opened);
      library.pixelsWanted = options.download_exposures ?? false;
      if (own.skip) run.log.info("Step run as standalone, so skip set to False");
      await callExposureHooks(own.pre_hooks, library);
      await imageSteps(run, library, checked);
      keepLogs(library, run);
      await callExposureHooks(steps.resample.pre_hooks, library);
      const drizzled = await run.step("resample", () => resample(run.ctx, library, steps.resample));
      const resampled = await callMosaicHooks(steps.resample.post_hooks, drizzled);
      if (options.download_exposures) for (const exposure of library.exposures) await exposure.download();
      await library.evictAll();
      const { mosaic } = resampled;
      const products = new Products(run, checked, library, mosaic);
      try {
        const found = await catalogOf(run, resampled, steps);
        mosaic.meta.cal_logs = [...run.log.lines];
        await callHooks(own.post_hooks, mosaic);
        await products.save(found);
        return { mosaic, ...found, exposures: opened.models };
      } finally {
        await products.abandon();
      }
    });
  });
}

export const MosaicPipeline = { class_alias: "roman_mos", call } as const;

/** Checks everything that can be without opening a file. */
function checkOptions(options: MosaicOptions): Checked {
  const {
    steps: given = {},
    save_suffix,
    device,
    gpu,
    skymap,
    dust_maps,
    log,
    profile,
    progress,
    download_exposures,
    ...rest
  } = options;
  void [device, gpu, skymap, dust_maps, log, profile, progress, download_exposures];
  const own = resolve(ROMAN_MOS, rest, "--");
  const steps = resolveSteps(given);
  if (steps.resample.skip)
    throw new UserError(
      "--steps.resample.skip: without resample there is no mosaic; run the other steps by their names",
    );
  interpretBitFlags(steps.skymatch.dqbits);
  interpretBitFlags(steps.outlier_detection.good_bits);
  interpretBitFlags(steps.resample.good_bits);
  fillValue("outlier_detection", steps.outlier_detection.fillval);
  fillValue("resample", steps.resample.fillval);
  const suffix = save_suffix ?? own.suffix ?? "i2d";
  if (!/^\w[\w.-]*$/.test(suffix))
    throw new UserError(`--save_suffix=${suffix}: expected letters, digits, "_" and "-"`);
  const onSkycell = { resample_on_skycell: own.resample_on_skycell };
  return {
    own,
    steps: {
      ...steps,
      outlier_detection: { ...steps.outlier_detection, ...onSkycell },
      resample: { ...steps.resample, ...onSkycell },
    },
    suffix,
  };
}

function resolveSteps(given: Readonly<Record<string, unknown>>): StepOptions {
  resolve(Object.fromEntries(STEP_NAMES.map((name) => [name, ANY])), given, "--steps.");
  const values = STEP_NAMES.map((name) => {
    const options = given[name] ?? {};
    if (typeof options !== "object") throw new UserError(`--steps.${name}: expected options of the step`);
    return [name, resolve(STEPS[name], options as Record<string, unknown>, `--steps.${name}.`)];
  });
  return Object.fromEntries(values) as unknown as StepOptions;
}

const ANY = { type: "object", default: undefined, help: "", parse: (value: unknown) => value };

/** Paths are looked up in `input_dir` where one is given. */
export function inputOf(dataset: Dataset, inputDir: string | null): Dataset {
  const place = (one: string | WfiImage): string | WfiImage =>
    typeof one === "string" && inputDir ? `${inputDir}/${one}` : one;
  if (typeof dataset === "string") return place(dataset) as string;
  return Array.isArray(dataset) ? (dataset as (string | WfiImage)[]).map(place) : dataset;
}

/** Metadata that the steps will ask for, so that a run does not fail halfway. */
function checkMembers({ flux: { skip } }: StepOptions, models: readonly WfiImage[]): void {
  for (const { metadata } of models) {
    if (!skip && metadata.optionalString("cal_step.flux") !== "COMPLETE")
      metadata.number("photometry.conversion_megajanskys");
    metadata.number("exposure.effective_exposure_time");
    metadata.time("exposure.start_time");
    metadata.time("exposure.end_time");
  }
}

/** Reference files are opened before anything is computed. */
async function checkReferences(
  { source_catalog: options }: StepOptions,
  models: readonly WfiImage[],
  dustMaps: string | undefined,
): Promise<void> {
  if (options.skip) return;
  if (dustMaps !== undefined) await (await DustMaps.open(dustMaps)).close();
  const { override_apcorr, override_epsf, fit_psf, forced_segmentation } = options;
  if (forced_segmentation) await checkForcedSegmentation(forced_segmentation);
  if (!override_apcorr)
    throw new UserError(
      "source_catalog: no aperture correction reference: name one with --steps.source_catalog.override_apcorr=FILE",
    );
  const elements = new Set(models.map((model) => model.metadata.string("instrument.optical_element")));
  if (elements.size === 1) await readApcorr(override_apcorr, [...elements][0]);
  else await checkReference(override_apcorr, "apcorr");
  if (!fit_psf) return;
  if (!override_epsf) throw new UserError(NO_EPSF);
  await checkReference(override_epsf, "epsf");
}

/** flux, skymatch, outlier_detection, as far as they are not skipped. */
async function imageSteps(run: Run, library: ModelLibrary, { own, steps }: Checked): Promise<void> {
  const work: Record<"flux" | "skymatch" | "outlier_detection", () => Promise<void>> = {
    flux: async () => flux(run.ctx, library),
    skymatch: () => skymatch(run.ctx, library, steps.skymatch),
    outlier_detection: async () => {
      const options = steps.outlier_detection;
      const folder = options.output_dir ?? folderOf(own);
      run.files.push(...(await outlierDetection(run.ctx, library, options, folder)));
    },
  };
  for (const [name, task] of Object.entries(work) as [keyof typeof work, () => Promise<void>][]) {
    const options = steps[name];
    await callExposureHooks(options.pre_hooks, library);
    if (options.skip) {
      run.log.info(`Step ${name} skipped.`);
      noteSkipped(
        library.exposures.map(({ model }) => model),
        name,
      );
    } else await run.step(name, task);
    await callExposureHooks(options.post_hooks, library);
    if (options.save_results && !options.skip) {
      const folder = options.output_dir ?? folderOf(own);
      run.files.push(...(await writeExposures(library, folder, options.suffix ?? name, run.log.lines)));
    }
  }
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
): Promise<{ catalog?: MosaicSourceCatalog; segmentation?: MosaicSegmentationMap }> {
  const { mosaic, planes } = await callMosaicHooks(options.pre_hooks, resampled);
  try {
    if (options.skip) {
      run.log.info("Step source_catalog skipped.");
      noteSkipped([mosaic], "source_catalog");
      return {};
    }
    const work = (): ReturnType<typeof sourceCatalog> => sourceCatalog(run.ctx, mosaic, options, planes);
    const { catalog, segmentation } = await run.step("source_catalog", work);
    await callHooks(options.post_hooks, { catalog, segmentation });
    return { catalog, segmentation };
  } finally {
    for (const buffer of Object.values(planes ?? {})) buffer.free();
  }
}

type Found = Awaited<ReturnType<typeof catalogOf>>;

/** The files of a run, as far as it saves them. The mosaic's pixels are written while the catalog is made. */
class Products {
  private readonly writer = new ProductWriter();
  private readonly name: string;

  constructor(
    private readonly run: Run,
    private readonly checked: Checked,
    library: ModelLibrary,
    private readonly mosaic: WfiMosaic,
  ) {
    const { own } = checked;
    this.name = productName(own, library.association.productName ?? basename(mosaic.filename));
    // What hooks will do to the pixels is not known.
    const hooked = [
      own.post_hooks,
      checked.steps.source_catalog.pre_hooks,
      checked.steps.source_catalog.post_hooks,
    ];
    if (!own.save_results || hooked.some((hooks) => hooks.length)) return;
    for (const { path, content } of this.list({}))
      if (!(content instanceof Uint8Array)) this.writer.begin(path, content);
  }

  async save(found: Found): Promise<void> {
    if (!this.checked.own.save_results) return;
    const { ctx, files } = this.run;
    ctx.progress("write", 0);
    files.push(...(await ctx.timer.inStep("write", () => this.writer.finish(this.list(found)))));
    ctx.progress("write", 1);
  }

  /** Nothing that was begun stays; after save() there is nothing to do. */
  abandon(): Promise<void> {
    return this.writer.abandon();
  }

  private list(found: Found): Product[] {
    const { own, suffix } = this.checked;
    return mosaicProducts(folderOf(own), this.name, suffix, { mosaic: this.mosaic, ...found });
  }
}
