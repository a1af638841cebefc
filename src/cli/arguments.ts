import { Command, CommanderError, Option as Flag } from "commander";
import { DEVICE_CHOICES, type DeviceChoice } from "../gpu/index.js";
import { type Option, type Spec, didYouMean, showValue } from "../pipelines/option_types.js";
import {
  PIPELINES,
  PIPELINE_NAMES,
  type PipelineName,
  STEPS,
  STEP_NAMES,
  type StepName,
} from "../pipelines/options.js";
import { SOFTWARE_VERSION } from "../host/models/index.js";
import type { InfoRequest } from "./info.js";
import { addPreviewCommand } from "./preview.js";
import { addAssociationCommands } from "./associations.js";

/** What a pipeline or step is asked to do on the command line. */
export interface RunRequest {
  readonly pipeline: PipelineName | StepName;
  readonly inputs: readonly string[];
  /** Options of the pipeline, or of the step that runs alone; unchecked. */
  readonly own: Readonly<Record<string, unknown>>;
  /** Options of the pipeline's steps; unchecked. */
  readonly steps: Readonly<Partial<Record<StepName, Readonly<Record<string, unknown>>>>>;
  readonly device: DeviceChoice;
  readonly skymap?: string;
  readonly dustMaps?: string;
  readonly saveSuffix?: string;
  readonly preview?: string;
  /** Parameter file whose options count where the words name none. */
  readonly parameters?: string;
  readonly saveParameters?: string;
  readonly profile?: string;
  readonly report?: string;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

export interface Actions {
  run(request: RunRequest): Promise<void>;
  devices(): Promise<void>;
  info(request: InfoRequest): Promise<void>;
}

/** Command line words that are no option of romancal. */
const OURS = [
  "device",
  "skymap",
  "dust-maps",
  "save_suffix",
  "preview",
  "parameters",
  "save-parameters",
  "profile",
  "report",
  "verbose",
  "quiet",
];
/** The same as commander names them. */
const OURS_CAMEL = new Set(
  OURS.map((word) => word.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())),
);
const MEANINGS: Readonly<Record<PipelineName | StepName, string>> = {
  roman_mos: "MosaicPipeline: flux, skymatch, outlier_detection, resample, source_catalog",
  roman_hlp: "HighLevelPipeline: skymatch, outlier_detection, resample",
  flux: "bring exposures to MJy/sr",
  skymatch: "find the sky of each exposure",
  outlier_detection: "flag cosmic rays and bad pixels in DQ",
  resample: "drizzle exposures onto one grid: the mosaic",
  source_catalog: "find and measure the sources of a mosaic",
};

/** The command line: strun's words. `actions` do the work. */
export function makeProgram(actions: Actions): Command {
  const program = new Command("romancal-webgpu")
    .description("Mosaics and catalogs of Roman Space Telescope exposures, computed on any GPU")
    .version(SOFTWARE_VERSION)
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      "after",
      "\n`romancal-webgpu --help roman_mos` lists every option of the pipeline and its steps.",
    );
  for (const name of [...PIPELINE_NAMES, ...STEP_NAMES]) addRunner(program, name, actions);
  addAssociationCommands(program);
  addPreviewCommand(program);
  program
    .command("devices")
    .description("list the adapters, which one would run and why")
    .action(() => actions.devices());
  program
    .command("info")
    .description("say what a Roman file is; of any other ASDF file print the tree")
    .argument("<file>", "any ASDF file")
    .option("--stats", "read the arrays too and tell the range of their values")
    .option("--tree", "print the tree of a Roman file, without reading its pixels")
    .option("--max-rows <n>", "lines of a tree to print at most; 0 for all", "200")
    .action((file: string, words: { maxRows: string; tree?: boolean; stats?: boolean }) =>
      actions.info({
        file,
        maxRows: Number(words.maxRows) || Infinity,
        tree: words.tree === true,
        stats: words.stats === true,
      }),
    );
  return program;
}

function addRunner(program: Command, name: RunRequest["pipeline"], actions: Actions): void {
  const command = program
    .command(name)
    .description(MEANINGS[name])
    .argument("[input...]", "association (.json), exposures or a mosaic (.asdf)")
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: Math.max(80, Math.min(process.stdout.columns || 120, 140)) });
  const pipeline = isPipeline(name) ? PIPELINES[name] : undefined;
  if (pipeline) command.alias(pipeline.alias);
  addOurs(command);
  addSpec(command, specOf(name), "", `Options of ${name}:`);
  for (const step of pipeline?.steps ?? [])
    addSpec(command, STEPS[step], `steps.${step}.`, `Options of ${step}:`);
  command.action(async (inputs: string[], given: Record<string, unknown>) => {
    if (inputs.length === 0 && given.saveParameters === undefined)
      command.error("error: missing required argument 'input'", { exitCode: 1 });
    await actions.run(toRequest(name, inputs, given));
  });
}

function isPipeline(name: string): name is PipelineName {
  return Object.hasOwn(PIPELINES, name);
}

/** The options that a pipeline or a step has of its own. */
function specOf(name: RunRequest["pipeline"]): Spec {
  return isPipeline(name) ? PIPELINES[name].spec : STEPS[name];
}

/** What runs under a word of the command line; undefined where the word is none of a pipeline or step. */
function runnerOf(word: string): RunRequest["pipeline"] | undefined {
  if (STEP_NAMES.includes(word as StepName)) return word as StepName;
  return PIPELINE_NAMES.find((name) => name === word || PIPELINES[name].alias === word);
}

function addOurs(command: Command): void {
  const devices = new Flag("--device <name>", "where to compute")
    .choices([...DEVICE_CHOICES])
    .default("auto");
  command
    .addOption(devices)
    .option("--skymap <file>", "skymap reference file (default: the environment's SKYMAP_PATH)")
    .option(
      "--dust-maps <place>",
      "maps of E(B-V): folder of two FITS files or NORTH.fits,SOUTH.fits (default: NaN)",
    )
    .option("--save_suffix <word>", "suffix of the mosaic's file name (default: i2d)")
    .option("--preview <file>", "also write a PNG of the mosaic with the sources outlined")
    .option("--parameters <file>", "options from a parameter file (ASDF or YAML); words count above it")
    .option("--save-parameters <file>", "write all options to a parameter file (ASDF, or YAML by its name)")
    .option("--profile <file>", "also write a Chrome trace of the run (chrome://tracing, ui.perfetto.dev)")
    .option("--report <file>", "also write how the run went: seconds, memory, device, versions (JSON)")
    .option("--verbose", "print the log")
    .option("--quiet", "print nothing but errors");
}

function addSpec(command: Command, spec: Spec, prefix: string, group: string): void {
  for (const [name, option] of Object.entries(spec)) {
    const value = option.type === "boolean" ? "[boolean]" : `<${option.type}>`;
    command.addOption(new Flag(`--${prefix}${name} ${value}`, describe(option)).helpGroup(group));
  }
}

function describe(option: Option<unknown>): string {
  const range = option.range ? `${option.range}; ` : "";
  return `${option.help} (${range}default: ${showValue(option.default)})`;
}

function toRequest(
  pipeline: RunRequest["pipeline"],
  inputs: readonly string[],
  given: Readonly<Record<string, unknown>>,
): RunRequest {
  const own: Record<string, unknown> = {};
  const steps: Partial<Record<StepName, Record<string, unknown>>> = {};
  for (const [key, value] of Object.entries(given)) {
    const [first, step, name] = key.split(".");
    if (first === "steps") (steps[step as StepName] ??= {})[name] = value;
    else if (!OURS_CAMEL.has(key)) own[key] = value;
  }
  return {
    pipeline,
    inputs,
    own,
    steps,
    device: given.device as DeviceChoice,
    skymap: given.skymap as string | undefined,
    dustMaps: given.dustMaps as string | undefined,
    saveSuffix: given.save_suffix as string | undefined,
    preview: given.preview as string | undefined,
    parameters: given.parameters as string | undefined,
    saveParameters: given.saveParameters as string | undefined,
    profile: given.profile as string | undefined,
    report: given.report as string | undefined,
    verbose: given.verbose === true,
    quiet: given.quiet === true,
  };
}

/**
 * The words as commander takes them: `--help roman_mos` is `roman_mos --help`, and a boolean option that stands alone is true,
 * whatever word follows it.
 */
export function normalizeWords(words: readonly string[]): string[] {
  const [first, ...rest] = words;
  if ((first === "--help" || first === "-h") && rest.length > 0) return [rest[0], "--help"];
  const booleans = booleanFlags();
  return words.map((word, i) => {
    if (!booleans.has(word)) return word;
    return isBooleanWord(words[i + 1]) ? word : `${word}=true`;
  });
}

function booleanFlags(): Set<string> {
  const flags = new Set<string>();
  const add = (spec: Spec, prefix: string): void => {
    for (const [name, { type }] of Object.entries(spec))
      if (type === "boolean") flags.add(`--${prefix}${name}`);
  };
  for (const name of PIPELINE_NAMES) add(PIPELINES[name].spec, "");
  for (const step of STEP_NAMES) {
    add(STEPS[step], "");
    add(STEPS[step], `steps.${step}.`);
  }
  return flags;
}

function isBooleanWord(word: string | undefined): boolean {
  return word !== undefined && /^(true|false|yes|no|on|off|[01])$/i.test(word);
}

/** What to say of words that are not understood, in one line: for an unknown option, the step it is not of and the nearest that is. */
export function usageMessage(error: CommanderError, words: readonly string[]): string {
  const text = error.message.replace(/^error: /, "").replace(/\n\(/, " (");
  const unknown = /unknown option '--([^'=]+)/.exec(text)?.[1];
  const runner = runnerOf(words[0]);
  if (unknown === undefined || runner === undefined) return text;
  const step = /^steps\.([^.]+)\./.exec(unknown)?.[1];
  const steps = isPipeline(runner) ? PIPELINES[runner].steps : STEP_NAMES;
  if (step !== undefined && !steps.includes(step as StepName))
    return `--steps.${step}: no such step${didYouMean(step, steps, "--steps.")}; steps: ${steps.join(", ")}`;
  const names = Object.keys(step ? STEPS[step as StepName] : specOf(runner)).concat(step ? [] : OURS);
  const before = step ? `--steps.${step}.` : "--";
  const name = unknown.split(".").pop() as string;
  return `--${unknown}: no such option of ${step ?? runner}${didYouMean(name, names, before)}`;
}
