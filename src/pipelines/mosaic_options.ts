import { basename, join } from "node:path";
import { DustMaps } from "../host/dust/dust_maps.js";
import { UserError } from "../host/errors.js";
import { checkForcedSegmentation } from "../host/models/forced_segmentation.js";
import { type Dataset, type WfiImage, checkReference, readApcorr } from "../host/models/index.js";
import type { EngineOptions } from "./call.js";
import { fillValue } from "./drizzle_group.js";
import { resolve, word } from "./option_types.js";
import {
  ROMAN_MOS,
  STEPS,
  STEP_NAMES,
  type RomanMosOptions,
  type StepName,
  type StepOptions,
} from "./options.js";
import { NO_EPSF } from "./source_catalog/references.js";

const MOSAIC_SUFFIX = "i2d";

/** Options of MosaicPipeline: romancal's, by romancal's names, and where to compute. */
export interface MosaicOptions extends EngineOptions, Partial<RomanMosOptions> {
  readonly steps?: { readonly [S in StepName]?: Partial<StepOptions[S]> };
  /** Suffix of the mosaic's file (default "i2d"; romancal 1.0.1 writes "coadd"). */
  readonly save_suffix?: string;
  /** Bring the exposures' arrays back as the steps left them (default false: their metadata alone). */
  readonly download_exposures?: boolean;
}

/** Options with their defaults, checked. */
export interface Checked {
  readonly own: RomanMosOptions;
  readonly steps: StepOptions;
  readonly suffix: string;
}

/** Checks everything that can be without opening a file. */
export function checkOptions(options: MosaicOptions): Checked {
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
  if (steps.resample.skip && !steps.source_catalog.skip)
    throw new UserError(
      "--steps.resample.skip: without resample there is no mosaic to find sources in; skip source_catalog too (--steps.source_catalog.skip=true)",
    );
  fillValue("outlier_detection", steps.outlier_detection.fillval);
  fillValue("resample", steps.resample.fillval);
  const suffix = save_suffix === undefined ? (own.suffix ?? MOSAIC_SUFFIX) : saveSuffix(save_suffix);
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

/** `save_suffix` as it may stand in a file name. Throws UserError. */
export function saveSuffix(given: string): string {
  return resolve({ save_suffix: word("i2d", "") }, { save_suffix: given }, "--").save_suffix;
}

/** Paths without a folder are looked up in `input_dir` where one is given; source: stpipe 0.12 step.py make_input_path. */
export function inputOf(dataset: Dataset, inputDir: string | null): Dataset {
  const place = (one: string | WfiImage): string | WfiImage =>
    typeof one === "string" && inputDir && basename(one) === one ? join(inputDir, one) : one;
  if (typeof dataset === "string") return place(dataset) as string;
  return Array.isArray(dataset) ? (dataset as (string | WfiImage)[]).map(place) : dataset;
}

/** Metadata that the steps will ask for, so that a run does not fail halfway. */
export function checkMembers({ flux: { skip } }: StepOptions, models: readonly WfiImage[]): void {
  for (const { metadata } of models) {
    if (!skip && metadata.optionalString("cal_step.flux") !== "COMPLETE")
      metadata.number("photometry.conversion_megajanskys");
    metadata.number("exposure.effective_exposure_time");
    metadata.time("exposure.start_time");
    metadata.time("exposure.end_time");
  }
}

/** Reference files are opened before anything is computed. */
export async function checkReferences(
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
