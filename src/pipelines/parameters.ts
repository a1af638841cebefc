import { readFile } from "node:fs/promises";
import { isMap as isYamlMap, parseDocument, stringify } from "yaml";
import { type AsdfMap, type AsdfValue, float, isMap, openAsdf, toBytes } from "../host/asdf/index.js";
import { UserError } from "../host/errors.js";
import { writeProducts } from "../host/models/index.js";
import { type Option, type Spec, didYouMean, resolve } from "./option_types.js";
import { PIPELINES, type PipelineName, STEPS, type StepName } from "./options.js";

/** Options of a pipeline or a step by name, and of a pipeline's steps; unchecked. */
export interface Parameters {
  readonly own: Readonly<Record<string, unknown>>;
  readonly steps: Readonly<Partial<Record<StepName, Readonly<Record<string, unknown>>>>>;
}

type Runner = PipelineName | StepName;

/** romancal's classes, as parameter files name them. */
const CLASSES: Readonly<Record<Runner, string>> = {
  roman_mos: "romancal.pipeline.mosaic_pipeline.MosaicPipeline",
  roman_hlp: "romancal.pipeline.highlevel_pipeline.HighLevelPipeline",
  flux: "romancal.flux.flux_step.FluxStep",
  skymatch: "romancal.skymatch.skymatch_step.SkyMatchStep",
  outlier_detection: "romancal.outlier_detection.outlier_detection_step.OutlierDetectionStep",
  resample: "romancal.resample.resample_step.ResampleStep",
  source_catalog: "romancal.source_catalog.source_catalog_step.SourceCatalogStep",
};

const shortName = (className: string): string => className.split(".").pop() ?? className;

function specOf(runner: Runner): Spec {
  return runner in PIPELINES ? PIPELINES[runner as PipelineName].spec : STEPS[runner as StepName];
}

function stepsOf(runner: Runner): readonly StepName[] {
  return runner in PIPELINES ? PIPELINES[runner as PipelineName].steps : [];
}

/**
 * The options in a parameter file: ASDF as stpipe 0.12 writes it (`--save-parameters`, Step.export_config), or the same tree as YAML.
 * Each value is checked. Throws UserError naming the file and the option, or where the file is of another pipeline or step.
 */
export async function readParameters(path: string, runner: Runner): Promise<Parameters> {
  const tree = await readTree(path);
  const own = sectionOf(tree, runner, path, path);
  const steps: Partial<Record<StepName, Readonly<Record<string, unknown>>>> = {};
  const listed = tree.steps ?? [];
  if (!Array.isArray(listed)) throw new UserError(`${path}: steps: expected a list`);
  const names = stepsOf(runner);
  for (const [i, section] of listed.entries()) {
    const name = isMap(section) ? section.name : undefined;
    const step = names.find((one) => one === name);
    if (!isMap(section) || step === undefined)
      throw new UserError(
        `${path}: steps[${i}].name: ${String(name)} is no step of ${runner}${didYouMean(String(name), names)}`,
      );
    steps[step] = sectionOf(section, step, path, `${path}: ${step}`);
  }
  return { own, steps };
}

/** Writes the options, all of them with their defaults, as stpipe does; YAML where the name ends with .yaml or .yml. */
export async function writeParameters(path: string, runner: Runner, parameters: Parameters): Promise<void> {
  const tree: AsdfMap = {
    ...treeOf(runner, shortName(CLASSES[runner]), parameters.own),
    meta: metadataOf(runner),
  };
  const steps = stepsOf(runner).map((step) => treeOf(step, step, parameters.steps[step] ?? {}));
  if (steps.length) tree.steps = steps;
  const content = isYaml(path) ? Buffer.from(stringify(plain(tree))) : await toBytes(tree);
  await writeProducts([{ path, content }]);
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

async function readTree(path: string): Promise<AsdfMap> {
  if (!isYaml(path)) {
    const file = await openAsdf(path);
    await file.close();
    return file.tree;
  }
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === "ENOENT" ? "no such file" : error.message}`);
  });
  const document = parseDocument(text);
  if (document.errors.length)
    throw new UserError(`${path}: not YAML: ${document.errors[0].message.split("\n")[0]}`);
  if (!isYamlMap(document.contents)) throw new UserError(`${path}: expected a parameter file`);
  return document.toJS() as AsdfMap;
}

/** The parameters of one pipeline or step; what stpipe leaves out or empty keeps its default. */
function sectionOf(tree: AsdfMap, runner: Runner, path: string, where: string): Record<string, unknown> {
  const { class: className, parameters } = tree;
  if (typeof className !== "string" || !isMap(parameters))
    throw new UserError(`${where}: expected the keys class, name and parameters of a parameter file`);
  if (shortName(className) !== shortName(CLASSES[runner]))
    throw new UserError(`${path}: holds parameters of ${shortName(className)}, not of ${runner}`);
  const given = Object.fromEntries(
    Object.entries(parameters)
      .filter(([name, value]) => !(/^(pre|post)_hooks$/.test(name) && isEmpty(value)))
      .concat(Object.entries(isMap(tree[OURS]) ? tree[OURS] : {}))
      .map(([name, value]) => [name, plain(value)]),
  );
  resolve(specOf(runner), given, `${where}: `);
  return given;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** Numbers and lists without what the tree keeps beside them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    if (Object.getPrototypeOf(value) !== Object.prototype && "value" in value) return plain(value.value);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return typeof value === "bigint" ? Number(value) : value;
}

/** Options that stpipe would refuse among a step's parameters; beside them it passes over what it does not know. */
const NOT_STPIPES = ["override_epsf"];
const OURS = "romancal_webgpu";

function treeOf(runner: Runner, name: string, given: Readonly<Record<string, unknown>>): AsdfMap {
  const spec = specOf(runner);
  const values = resolve(spec, given, "--") as Record<string, unknown>;
  const [parameters, ours]: AsdfMap[] = [{}, {}];
  for (const option of Object.keys(values).sort()) {
    // romancal's own spec has no place for references that are not named
    if (option.startsWith("override_") && values[option] === null) continue;
    const section = NOT_STPIPES.includes(option) ? ours : parameters;
    section[option] = nodeOf(option, values[option], spec[option]);
  }
  return { class: CLASSES[runner], name, parameters, ...(Object.keys(ours).length > 0 && { [OURS]: ours }) };
}

function nodeOf(name: string, value: unknown, { type }: Option<unknown>): AsdfValue {
  if (/^(pre|post)_hooks$/.test(name)) return [];
  if (name === "input_dir" && value === null) return "";
  const floats = type.startsWith("float");
  const scalar = (one: unknown): AsdfValue =>
    floats && typeof one === "number" ? float(one) : (one as AsdfValue);
  return Array.isArray(value) ? value.map(scalar) : scalar(value);
}

const PLACEHOLDER = "<SPECIFY>";

/** What stpipe writes for those who deliver parameter files to CRDS. */
function metadataOf(runner: Runner): AsdfMap {
  return {
    author: PLACEHOLDER,
    date: new Date().toISOString().slice(0, 19),
    description: `Parameters for calibration step ${CLASSES[runner]}`,
    instrument: { name: PLACEHOLDER },
    origin: PLACEHOLDER,
    pedigree: PLACEHOLDER,
    reftype: PLACEHOLDER,
    telescope: PLACEHOLDER,
    useafter: PLACEHOLDER,
  };
}
