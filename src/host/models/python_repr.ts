import { type AsdfMap, type AsdfValue, TaggedScalar, isMap } from "../asdf/index.js";
import { isFloatAt } from "./tree.js";

/** A float as Python's `repr` prints it: shortest digits, `1e-07`, `1e+16`, `3.0`, `nan`, `inf`. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  const [digits, power] = value.toExponential().split("e");
  const decimal = Number(power);
  if (decimal < -4 || decimal >= 16) {
    const sign = decimal < 0 ? "-" : "+";
    return `${digits}e${sign}${String(Math.abs(decimal)).padStart(2, "0")}`;
  }
  const text = exponent < 0 || decimal < 0 ? expand(digits, decimal) : String(value);
  return text.includes(".") ? text : `${text}.0`;
}

/** Plain decimal notation of a number below 1 whose digits and power of ten are given. */
function expand(digits: string, power: number): string {
  const sign = digits.startsWith("-") ? "-" : "";
  const plain = digits.replace("-", "").replace(".", "");
  return `${sign}0.${"0".repeat(-power - 1)}${plain}`;
}

/** A string as Python's `repr` quotes it. */
export function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = [...text].map((character) => escape(character, quote)).join("");
  return quote + body + quote;
}

function escape(character: string, quote: string): string {
  if (character === "\\" || character === quote) return `\\${character}`;
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  const code = character.codePointAt(0) as number;
  return code < 32 || code === 127 ? `\\x${code.toString(16).padStart(2, "0")}` : character;
}

/** A node of a tree as Python's `str()` shows the lists and dictionaries it is read into. */
export function pythonRepr(value: AsdfValue, isFloat = false): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return stringRepr(value);
  if (typeof value === "number") return isFloat ? floatRepr(value) : numberRepr(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof TaggedScalar) return pythonRepr(value.value, isFloat);
  if (Array.isArray(value))
    return `[${value.map((item, i) => pythonRepr(item, isFloatAt(value, i))).join(", ")}]`;
  if (isMap(value)) {
    const entries = Object.entries(value as AsdfMap);
    const items = entries.map(
      ([key, item]) => `${stringRepr(key)}: ${pythonRepr(item, isFloatAt(value as AsdfMap, key))}`,
    );
    return `{${items.join(", ")}}`;
  }
  return String(value);
}

function numberRepr(value: number): string {
  return Number.isInteger(value) && !Object.is(value, -0) ? String(value) : floatRepr(value);
}
