import { floatRepr } from "../models/python_repr.js";

/** A value as Python's json module writes it: a number is a float, a bigint an integer. */
export type PythonJson =
  string | number | bigint | null | readonly PythonJson[] | { readonly [key: string]: PythonJson };

/** `json.dumps(value, indent=4, separators=(",", ": "))`, character by character. */
export function pythonJson(value: PythonJson, indent = ""): string {
  if (value === null) return "null";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return floatRepr(value);
  if (typeof value === "bigint") return String(value);
  const inner = `${indent}    `;
  const list = Array.isArray(value);
  const items = list
    ? (value as readonly PythonJson[]).map((item) => pythonJson(item, inner))
    : Object.entries(value).map(([key, item]) => `${quote(key)}: ${pythonJson(item, inner)}`);
  const [open, close] = list ? "[]" : "{}";
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => inner + item).join(",\n")}\n${indent}${close}`;
}

function quote(text: string): string {
  const escaped = JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) =>
    unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return escaped;
}
