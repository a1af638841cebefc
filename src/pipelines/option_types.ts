import { UserError } from "../host/errors.js";
import { interpretBitFlags } from "../host/models/index.js";

/** One option of a step: what it is called in romancal's spec, what it may be, and what it means. */
export interface Option<T> {
  /** As romancal's spec spells it: "boolean", "integer", "float", "string", "option", "int_list", "float_list". */
  readonly type: string;
  readonly default: T;
  readonly help: string;
  /** What is accepted beside the type, in words: "one of ...", "at least 0". */
  readonly range?: string;
  /** Throws UserError (without the option's name) for a value that is none. */
  parse(value: unknown): T;
}

export type Spec = Readonly<Record<string, Option<unknown>>>;
/** The values that belong to a spec. */
export type OptionsOf<S extends Spec> = {
  -readonly [K in keyof S]: S[K] extends Option<infer T> ? T : never;
};

class Unfit extends Error {}

function option<T>(
  type: string,
  value: T,
  help: string,
  parse: (value: unknown) => T,
  range?: string,
): Option<T> {
  const isNone = (given: unknown): boolean =>
    given === null || (typeof given === "string" && given === "None");
  return {
    type,
    default: value,
    help,
    range,
    parse: (given) => (value === null && isNone(given) ? (null as T) : parse(given)),
  };
}

/** The words of configobj 5, which stpipe checks options with. */
const TRUE = ["true", "yes", "on", "1"];
const FALSE = ["false", "no", "off", "0"];

function toBoolean(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  const word = String(value).toLowerCase();
  if (TRUE.includes(word)) return true;
  if (FALSE.includes(word)) return false;
  throw new Unfit("expected true or false");
}

function toFloat(value: unknown): number {
  if (typeof value === "number") return value;
  const text = String(value).trim();
  if (/^[+-]?nan$/i.test(text)) return NaN;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  if (!PYTHON_FLOAT.test(text)) throw new Unfit("expected a number");
  return Number(text.replaceAll("_", ""));
}

/** What Python's float() and int() read, but for nan and inf. */
const PYTHON_FLOAT = /^[+-]?(\d+(_\d+)*(\.(\d+(_\d+)*)?)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i;
const PYTHON_INTEGER = /^[+-]?\d+(_\d+)*$/;

function toInteger(value: unknown): number {
  const text = String(value).trim();
  const number =
    typeof value === "number" ? value : PYTHON_INTEGER.test(text) ? Number(text.replaceAll("_", "")) : NaN;
  if (!Number.isSafeInteger(number)) throw new Unfit("expected an integer");
  return number;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
  /** More than this, and finite. */
  readonly above?: number;
  readonly finite?: boolean;
}

function bounded(parse: (value: unknown) => number, bounds: Bounds) {
  const { min, max, above } = bounds;
  const finite = bounds.finite ?? above !== undefined;
  return (value: unknown): number => {
    const number = parse(value);
    if (finite && !Number.isFinite(number)) throw new Unfit("expected a finite number");
    if (min !== undefined && !(number >= min)) throw new Unfit(`expected at least ${min}`);
    if (max !== undefined && !(number <= max)) throw new Unfit(`expected at most ${max}`);
    if (above !== undefined && !(number > above)) throw new Unfit(`expected more than ${above}`);
    return number;
  };
}

function rangeOf({ min, max, above }: Bounds): string | undefined {
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  if (above !== undefined) return `more than ${above}`;
  return max === undefined ? undefined : `at most ${max}`;
}

export function boolean(value: boolean, help: string): Option<boolean> {
  return option("boolean", value, help, toBoolean);
}

export function integer(value: number, help: string, bounds?: Bounds): Option<number>;
export function integer(value: null, help: string, bounds?: Bounds): Option<number | null>;
export function integer(value: number | null, help: string, bounds: Bounds = {}): Option<number | null> {
  return option<number | null>("integer", value, help, bounded(toInteger, bounds), rangeOf(bounds));
}

export function float(value: number, help: string, bounds?: Bounds): Option<number>;
export function float(value: null, help: string, bounds?: Bounds): Option<number | null>;
export function float(value: number | null, help: string, bounds: Bounds = {}): Option<number | null> {
  return option<number | null>("float", value, help, bounded(toFloat, bounds), rangeOf(bounds));
}

export function string(value: string, help: string): Option<string>;
export function string(value: null, help: string): Option<string | null>;
export function string(value: string | null, help: string): Option<string | null> {
  return option<string | null>("string", value, help, (given) => {
    if (typeof given !== "string" && typeof given !== "number") throw new Unfit("expected a string");
    return String(given);
  });
}

const WORD = /^\w[\w.-]*$/;

/** A string that can stand in a file name. */
export function word(value: string, help: string): Option<string>;
export function word(value: null, help: string): Option<string | null>;
export function word(value: string | null, help: string): Option<string | null> {
  return option<string | null>("string", value, help, (given) => {
    const text = String(given);
    if (!WORD.test(text)) throw new Unfit(`expected letters, digits, "_", "-" and "."`);
    return text;
  });
}

/**
 * A function that is called before or after a step, with what the step works on or has made; waited for. What it gives back takes
 * the place of that; nothing (undefined or null) leaves it.
 */
export type Hook<T> =
  | ((subject: T) => void | Promise<void>)
  | ((subject: T) => T | null | undefined | Promise<T | null | undefined>);

/** Functions to call, in order: from a program alone (romancal takes Python names and system calls, which mean nothing here). */
export function hooks<T>(help: string): Option<readonly Hook<T>[]> {
  const parse = (given: unknown): readonly Hook<T>[] => {
    const list = Array.isArray(given) ? given : given === "" || given === null ? [] : [given];
    if (!list.every((one) => typeof one === "function"))
      throw new Unfit("expected functions, which a program gives");
    return list as Hook<T>[];
  };
  return option("list", [], help, parse, "functions, from a program alone");
}

/** A text of two numbers with a space between, e.g. "5.0 4.0". */
export function pair(value: string, help: string): Option<string> {
  const parse = (given: unknown): string => {
    const words = String(given).trim().split(/\s+/);
    if (words.length !== 2) throw new Unfit("expected two numbers with a space between");
    words.forEach(toFloat);
    return words.join(" ");
  };
  return option("string", value, help, parse, "two numbers with a space between");
}

/** One of several words; null among the choices is spelled None. */
export function choice<const T extends string | null>(
  choices: readonly T[],
  value: NoInfer<T>,
  help: string,
): Option<T> {
  const words = choices.map((word) => word ?? "None").join(", ");
  const parse = (given: unknown): T => {
    const text = given === "None" ? null : given;
    const found = choices.find((word) => word === text);
    if (found === undefined) throw new Unfit(`expected one of ${words}`);
    return found;
  };
  return option("option", value, help, parse, `one of ${words}`);
}

function list(
  type: string,
  length: number,
  help: string,
  parse: (value: unknown) => number,
): Option<number[] | null> {
  const toList = (given: unknown): number[] => {
    const items = Array.isArray(given) ? given : String(given).split(",");
    if (items.length !== length) throw new Unfit(`expected ${length} numbers joined by a comma`);
    return items.map(parse);
  };
  return option<number[] | null>(type, null, help, toList, `${length} numbers`);
}

/** `length` integers joined by commas; default None. */
export function intList(length: number, help: string, bounds: Bounds = {}): Option<number[] | null> {
  return list("int_list", length, help, bounded(toInteger, bounds));
}

/** `length` numbers joined by commas; default None. */
export function floatList(length: number, help: string): Option<number[] | null> {
  return list("float_list", length, help, bounded(toFloat, { finite: true }));
}

/** Right ascension and declination in degrees; default None. */
export function skyPosition(help: string): Option<number[] | null> {
  const position = floatList(2, help);
  const parse = (given: unknown): number[] | null => {
    const value = position.parse(given);
    if (value && Math.abs(value[1]) > 90) throw new Unfit("expected a declination within -90 to 90");
    return value;
  };
  return { ...position, parse };
}

/** DQ bits: names or numbers joined by + or a comma; `~` inverts. */
export function bitFlags(value: string, help: string): Option<string> {
  const flags = string(value, `${help}: names or numbers joined by + or a comma; ~ inverts`);
  const parse = (given: unknown): string => {
    const text = flags.parse(given);
    try {
      interpretBitFlags(text);
    } catch (error) {
      throw new Unfit(`expected DQ flags (${error instanceof Error ? error.message : String(error)})`);
    }
    return text;
  };
  return { ...flags, parse };
}

/** The same option with but these values. */
export function oneOf<T>(spec: Option<T>, values: readonly T[]): Option<T> {
  const words = `one of ${values.map(showValue).join(", ")}`;
  const parse = (given: unknown): T => {
    const value = spec.parse(given);
    if (!values.includes(value)) throw new Unfit(`expected ${words}`);
    return value;
  };
  return { ...spec, range: words, parse };
}

/** A value as the command line spells it. */
export function showValue(value: unknown): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return value.length ? value.join(",") : "[]";
  return value === "" ? "''" : String(value);
}

/**
 * The options of one step, checked and with defaults filled in. `where` is what the caller wrote before the option's name
 * ("--steps.skymatch."). Throws UserError for a name that is none (with the nearest) and for a value that is none.
 */
export function resolve<S extends Spec>(
  spec: S,
  given: Readonly<Record<string, unknown>>,
  where: string,
): OptionsOf<S> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(spec)) values[name] = option.default;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(spec, name))
      throw new UserError(`${where}${name}: no such option${didYouMean(name, Object.keys(spec), where)}`);
    values[name] = parseOne(spec[name], value, `${where}${name}`);
  }
  return values as OptionsOf<S>;
}

function parseOne(option: Option<unknown>, value: unknown, name: string): unknown {
  try {
    return option.parse(value);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    throw new UserError(`${name}=${showValue(value)}: ${error.message}`);
  }
}

/** ` (did you mean X?)` for the nearest of the names, or the empty string where none is near. */
export function didYouMean(name: string, names: readonly string[], before = ""): string {
  const near = names
    .map((other) => ({ other, distance: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const limit = Math.max(2, Math.ceil(name.length / 2));
  return near && near.distance <= limit ? ` (did you mean ${before}${near.other}?)` : "";
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j] + 1, row[j - 1] + 1, swap));
    }
    previous = row;
  }
  return previous[b.length];
}
