import { type AsdfMap, type AsdfValue, copyTree, float, withTag } from "../asdf/index.js";
import { individualImageMeta } from "./image_meta.js";
import { UtcTime } from "./time.js";
import { nodeAt, setNode } from "./tree.js";
import type { WfiImage } from "./wfi_image.js";

/** Leaves that a mosaic takes over where all exposures agree, with what stands where they do not. */
const BLENDED: readonly (readonly [path: string, otherwise: string | null])[] = [
  ["observation.execution_plan", null],
  ["observation.exposure", null],
  ["observation.observation", null],
  ["observation.pass", null],
  ["observation.program", null],
  ["observation.segment", null],
  ["observation.visit", null],
  ["program.title", null],
  ["program.investigator_name", null],
  ["program.category", null],
  ["program.subcategory", null],
  ["program.science_category", null],
  ["instrument.optical_element", null],
  ["cal_step.flux", "INCOMPLETE"],
  ["cal_step.outlier_detection", "INCOMPLETE"],
  ["cal_step.skymatch", "INCOMPLETE"],
];

/** A time node as astropy writes it, to the millisecond. */
export function timeNode(time: UtcTime): AsdfValue {
  return withTag("!time/time-1.4.0", time.isot);
}

/**
 * Metadata of a mosaic that follows from its exposures: observation, program, instrument and cal_step where they agree, first,
 * last and mean time, and the tables of individual_image_meta. `resample.members` names the exposures.
 * Source: romancal 1.0.1 resample/_meta_blender.py. Throws UserError where an exposure lacks its start or end time.
 */
export function blendMetadata(models: readonly WfiImage[]): AsdfMap {
  const meta: AsdfMap = {
    coordinates: { reference_frame: "ICRS" },
    instrument: { name: "WFI" },
    product_type: "p_visit_coadd",
  };
  for (const [path, otherwise] of BLENDED) setNode(meta, path, blend(models, path, otherwise));
  const starts = models.map((model) => model.metadata.time("exposure.start_time"));
  const ends = models.map((model) => model.metadata.time("exposure.end_time"));
  meta.coadd_info = {
    time_first: timeNode(starts.reduce((a, b) => (b.compare(a) < 0 ? b : a))),
    time_last: timeNode(ends.reduce((a, b) => (b.compare(a) > 0 ? b : a))),
    time_mean: timeNode(UtcTime.mean(starts)),
  };
  setNode(meta, "observation.exposure_grouping", exposureGrouping(meta));
  meta.resample = { members: models.map((model) => model.filename) };
  meta.individual_image_meta = individualImageMeta(models.map((model) => model.meta));
  return meta;
}

/** The first exposure's value, replaced by `otherwise` where a later one has another (absent keys don't count). */
function blend(models: readonly WfiImage[], path: string, otherwise: string | null): AsdfValue {
  let value = nodeAt(models[0].meta, path) ?? otherwise;
  for (const model of models.slice(1)) {
    const other = nodeAt(model.meta, path);
    if (other !== undefined && other !== value) value = otherwise;
  }
  return copyTree(value);
}

/** `v` and the numbers of plan, pass, segment, observation and visit; null where the exposures do not share them. */
function exposureGrouping(meta: AsdfMap): string | null {
  const widths = { execution_plan: 2, pass: 3, segment: 3, observation: 3, visit: 3 };
  let text = "v";
  for (const [key, width] of Object.entries(widths)) {
    const value = nodeAt(meta, `observation.${key}`);
    if (typeof value !== "number") return null;
    text += (value < 0 ? "-" : "") + String(Math.abs(value)).padStart(width - (value < 0 ? 1 : 0), "0");
  }
  return text;
}

/** Floats of a metadata mapping marked as such, so that whole ones are written as `1.0`. */
export function floats<const T extends Record<string, number>>(values: T): { [K in keyof T]: AsdfValue } {
  const entries = Object.entries(values).map(([key, value]) => [
    key,
    Number.isInteger(value) ? float(value) : value,
  ]);
  return Object.fromEntries(entries) as { [K in keyof T]: AsdfValue };
}
