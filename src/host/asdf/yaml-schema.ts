import { Document, type ScalarTag } from "yaml";
import { TaggedScalar, YAML_TAG, ASDF_TAG } from "./types.js";

/** Key of a YAML merge: `<<: *other`. */
export const MERGE = Symbol("<<");

/** YAML 1.1's plain scalars as the asdf library for Python, and so nearly every ASDF file, takes them. */
const plain = (tag: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({
  tag: YAML_TAG + tag,
  default: true,
  test,
  resolve,
});

const INTEGER =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const TIMESTAMP =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;

function sexagesimal<T>(text: string, convert: (part: string) => T, join: (sum: T, part: T) => T): T {
  return text.split(":").map(convert).reduce(join);
}

function parseInteger(text: string): bigint {
  const sign = text.startsWith("-") ? -1n : 1n;
  const digits = text.replace(/^[-+]|_/g, "");
  if (digits.includes(":")) return sign * sexagesimal(digits, BigInt, (sum, part) => sum * 60n + part);
  return sign * BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
}

function parseFloatText(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[-+]|_/g, "").toLowerCase();
  if (digits === ".inf") return sign * Infinity;
  if (digits === ".nan") return NaN;
  return sign * sexagesimal(digits, Number, (sum, part) => sum * 60 + part);
}

/** A double as YAML 1.1 has it: always with a point, and a sign in the exponent. */
function formatFloat(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value < 0 ? "-.inf" : ".inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[.]/.test(text) ? text : text.includes("e") ? text.replace("e", ".0e") : `${text}.0`;
}

const TAGS: ScalarTag[] = [
  {
    ...plain("null", /^(?:~|null|Null|NULL|)$/, () => null),
    identify: (value) => value === null,
    stringify: () => "null",
  },
  {
    ...plain(
      "bool",
      /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
      (text) => /^(?:yes|true|on)$/i.test(text),
    ),
    identify: (value) => typeof value === "boolean",
    stringify: ({ value }) => (value ? "true" : "false"),
  },
  {
    ...plain("int", INTEGER, parseInteger),
    identify: (value) => typeof value === "bigint",
    stringify: ({ value }) => String(value),
  },
  {
    ...plain("float", FLOAT, parseFloatText),
    identify: (value) => typeof value === "number",
    stringify: ({ value }) => formatFloat(value as number),
  },
  plain("timestamp", TIMESTAMP, (text) => new TaggedScalar(`${YAML_TAG}timestamp`, text)),
  plain("value", /^=$/, (text) => text),
  { ...plain("merge", /^<<$/, () => MERGE), default: "key" },
];

/** Options of the `yaml` package for ASDF's trees: integers come as bigint, floats as number, unknown tags stay. */
export const YAML_OPTIONS = {
  version: "1.1",
  schema: "failsafe",
  customTags: TAGS,
  resolveKnownTags: false,
  uniqueKeys: false,
  merge: false,
  logLevel: "silent",
} as const;

/** An empty document with an ASDF tree's directives. */
export function newDocument(): Document {
  const document = new Document(null, { ...YAML_OPTIONS, customTags: [...TAGS] });
  const { directives } = document;
  if (!directives) throw new Error("a YAML document without directives");
  directives.yaml = { version: "1.1", explicit: true };
  directives.tags = { "!": ASDF_TAG, "!!": YAML_TAG };
  directives.docStart = true;
  return document;
}
