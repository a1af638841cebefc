import { UserError } from "../host/errors.js";
import type { Dataset, WfiImage, WfiMosaic } from "../host/models/index.js";
import type { RunReport } from "./call.js";
import { didYouMean } from "./option_types.js";
import { PIPELINES, type StepName } from "./options.js";
import type { MosaicOptions } from "./mosaic_options.js";
import { MosaicPipeline, type UnmosaickedResult } from "./roman_mos.js";

const STEPS = PIPELINES.roman_hlp.steps;

/** Options of HighLevelPipeline: those of MosaicPipeline, for the steps it has. */
export interface HighLevelOptions extends Omit<MosaicOptions, "steps"> {
  readonly steps?: Pick<NonNullable<MosaicOptions["steps"]>, "skymatch" | "outlier_detection" | "resample">;
}

/** Options that skip resample. */
export interface UnresampledOptions extends HighLevelOptions {
  readonly steps: HighLevelOptions["steps"] & { readonly resample: { readonly skip: true } };
}

export interface HighLevelResult {
  readonly mosaic: WfiMosaic;
  /** The exposures, their metadata as the steps left it. */
  readonly exposures: readonly WfiImage[];
  readonly report: RunReport;
}

/**
 * romancal's HighLevelPipeline (`roman_hlp`): skymatch, outlier_detection, resample; the mosaic in the exposures' own units, no
 * catalog; the exposures, with their arrays, where resample is skipped. It is MosaicPipeline with flux and source_catalog skipped (`meta.cal_step.flux` says so).
 * @param dataset an association or `_cal` file, a list of these, or models in memory (which the steps change in their metadata)
 * @throws UserError for an option, a file or metadata that is missing or wrong; nothing is written then
 */
function call(dataset: Dataset, options: UnresampledOptions): Promise<UnmosaickedResult>;
function call(dataset: Dataset, options?: HighLevelOptions): Promise<HighLevelResult>;
async function call(
  dataset: Dataset,
  options: HighLevelOptions = {},
): Promise<HighLevelResult | UnmosaickedResult> {
  const steps = options.steps ?? {};
  for (const name of Object.keys(steps))
    if (!STEPS.includes(name as StepName))
      throw new UserError(
        `--steps.${name}: no such step of roman_hlp${didYouMean(name, STEPS, "--steps.")}; steps: ${STEPS.join(", ")}`,
      );
  const skip = { skip: true };
  const all = { ...options, steps: { ...steps, flux: skip, source_catalog: skip } };
  const { mosaic, exposures, report } = await MosaicPipeline.call(dataset, all);
  return { mosaic, exposures, report };
}

export const HighLevelPipeline = { class_alias: "roman_hlp", call } as const;
