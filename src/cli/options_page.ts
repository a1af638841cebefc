import { type Option, type Spec, showValue } from "../pipelines/option_types.js";
import { ROMAN_MOS, STEPS } from "../pipelines/options.js";

const INTRODUCTION = `# Options

Every option of \`roman_mos\` and of its steps: romancal 1.0.1's names, types, defaults and meaning. On the command line an option of
a step is \`--steps.STEP.OPTION=VALUE\` for the pipeline and \`--OPTION=VALUE\` where the step runs by its own name; in a program it is
\`{ steps: { STEP: { OPTION: VALUE } } }\`.

\`roman_hlp\` takes the options of \`roman_mos\`, for its steps skymatch, outlier_detection and resample.

This page is made by \`npm run docs:options\`; a test holds it to the options themselves.`;

/** docs/options.md: the options as they are. */
export function optionsPage(): string {
  const common = commonNames();
  const sections = [
    INTRODUCTION,
    "## Options of the pipeline and of every step",
    table(ROMAN_MOS, (name) => common.has(name)),
    "## roman_mos",
    table(ROMAN_MOS, (name) => !common.has(name)),
  ];
  for (const [step, spec] of Object.entries(STEPS)) {
    const own = table(spec, (name) => !common.has(name) || isOwn(name, spec));
    sections.push(`## ${step}`, own || "None of its own.");
  }
  return `${sections.join("\n\n")}\n`;
}

function commonNames(): Set<string> {
  const specs: Spec[] = [ROMAN_MOS, ...Object.values(STEPS)];
  return new Set(Object.keys(STEPS.flux).filter((name) => specs.every((spec) => name in spec)));
}

/** A common option that this step has in another form. */
function isOwn(name: string, spec: Spec): boolean {
  const common: Spec = ROMAN_MOS;
  return describe(spec[name]) !== describe(common[name]);
}

function table(spec: Spec, wanted: (name: string) => boolean): string {
  const rows = Object.entries(spec).filter(([name]) => wanted(name));
  if (rows.length === 0) return "";
  const lines = rows.map(([name, option]) => `| \`${name}\` | ${describe(option)} |`);
  return ["| option | type | default | meaning |", "|---|---|---|---|", ...lines].join("\n");
}

function describe({ type, default: value, help, range }: Option<unknown>): string {
  return `${type} | \`${showValue(value)}\` | ${help}${range ? ` (${range})` : ""}`.replace(/\n/g, " ");
}
