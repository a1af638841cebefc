import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Dataset, WfiImage } from "../host/models/index.js";

/** Options of stpipe that say where the results of a step or pipeline go and what they are called. */
export interface NameOptions {
  readonly output_dir: string | null;
  readonly output_file: string | null;
  readonly output_use_model: boolean;
  readonly search_output_file: boolean;
  readonly suffix: string | null;
}

/** What the file names of a step's results are made of. */
export interface NameParts extends NameOptions {
  /** Suffix where the options give none. */
  readonly defaultSuffix: string;
  /** Name of the input; undefined where it has none. */
  readonly input?: string;
  /** The options of the pipeline around the step: they count where the step's own say nothing. */
  readonly parent?: Pick<NameOptions, "output_dir" | "output_file">;
}

/** What romancal 1.0.1 takes for the suffix of a step (lib/suffix.py), and `i2d`. */
const SUFFIXES = [
  ...["ca", "crf", "cal", "dark", "flat", "median", "phot", "photom", "ramp", "rate", "uncal", "assignwcs"],
  ...["dq_init", "dqinit", "assign_wcs", "linearity", "rampfit", "saturation", "dark_current", "darkcurrent"],
  ...["dark_decay", "outlier_detection", "skymatch", "refpix", "cat", "segm", "coadd", "wfi18_transient"],
  ...["saturationstep", "darkcurrentstep", "darkdecaystep", "assignwcsstep", "flatfieldstep", "fluxstep"],
  ...["dqinitstep", "linearitystep", "rampfitstep", "photomstep", "tweakregstep", "outlierdetectionstep"],
  ...["skymatchstep", "refpixstep", "resamplestep", "sourcecatalogstep", "multibandcatalogstep"],
  ...["wfi18transientstep", "i2d"],
];
const WITH_SUFFIX = new RegExp(`^(.+?)(?:([_-])(?:${SUFFIXES.join("|")}))?$`);

/** Words between NAME and SUFFIX. */
export interface NameComponents {
  readonly asnId?: string;
  /** Place of the result among several. */
  readonly index?: number;
}

/**
 * The path of one of a step's results, by stpipe's rules (0.12 step.py save_model, _make_output_path):
 * NAME[_ASN][_INDEX]_SUFFIX.asdf, NAME without the suffix of an earlier step. NAME is output_file, else the pipeline's, else that of
 * the input; the model's own name, without an index, where output_use_model is set or no output_file is looked for.
 */
export function resultPath(
  parts: NameParts,
  modelName: string,
  { asnId, index }: NameComponents = {},
  extension = "asdf",
): string {
  const { output_file: own, output_use_model, search_output_file, parent } = parts;
  const byModel = output_use_model || (own === null && !search_output_file);
  const file = own ?? parent?.output_file ?? parts.input ?? modelName;
  const stem = basename(byModel ? modelName : file).replace(/(?<=.)\.[^.]*$/, "");
  const [, name = stem, separator = "_"] = WITH_SUFFIX.exec(stem) ?? [];
  const words = [name, asnId, byModel ? undefined : index].filter((word) => word !== undefined);
  const result = `${words.join("_")}${separator}${parts.suffix ?? parts.defaultSuffix}.${extension}`;
  return join(folderOf(parts, parent), result);
}

/** The folder results go to: output_dir, else that of output_file, else as the pipeline has it, else the current one. */
export function folderOf(
  { output_dir, output_file }: Pick<NameOptions, "output_dir" | "output_file">,
  parent?: NameParts["parent"],
): string {
  if (output_dir) return expanded(output_dir);
  if (output_file !== null && basename(output_file) !== output_file) return expanded(dirname(output_file));
  return parent ? folderOf(parent) : ".";
}

/** `~` and the environment's variables filled in, as Python's expanduser and expandvars. */
function expanded(folder: string): string {
  return folder
    .replace(/^~(?=$|\/)/, homedir())
    .replace(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, bare?: string, braced?: string) => {
      return process.env[bare ?? braced ?? ""] ?? whole;
    });
}

/** The name that the results of a dataset are called by: that of its (first) file; stpipe's `set_primary_input`. */
export function inputName(dataset: Dataset): string | undefined {
  const first = Array.isArray(dataset) ? (dataset as readonly (string | WfiImage)[])[0] : dataset;
  if (first === undefined) return undefined;
  if (typeof first === "string") return first;
  return "filename" in first ? first.filename : (first as { path?: string }).path;
}
