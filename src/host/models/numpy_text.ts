import { floatRepr } from "./python_repr.js";

const PRECISION = 8;

/**
 * A short list of floats as `str()` of numpy's array prints it: `[0.1 0.2]`, at most eight decimals, numbers aligned at the decimal
 * point. Values that numpy would print with an exponent are printed as Python prints them.
 */
export function numpyText(values: Float32Array | Float64Array): string {
  const parts = Array.from(values, (value) => shortest(value, values instanceof Float32Array).split("."));
  const left = Math.max(0, ...parts.map(([whole]) => whole.length));
  const right = Math.max(0, ...parts.map(([, fraction]) => (fraction ?? "").length));
  const words = parts.map(([whole, fraction]) =>
    fraction === undefined
      ? whole.padStart(left + 1 + right)
      : `${whole.padStart(left)}.${fraction.padEnd(right)}`,
  );
  return `[${words.join(" ")}]`;
}

/** Fewest decimals, at most eight, that give the value back: `0.1`, `2.`, `1.81818182`. */
function shortest(value: number, single: boolean): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return floatRepr(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) return floatRepr(value);
  const same = (text: string): boolean => (single ? Math.fround(Number(text)) : Number(text)) === value;
  for (let decimals = 0; decimals < PRECISION; decimals++) {
    const text = value.toFixed(decimals);
    if (same(text)) return decimals === 0 ? `${text}.` : text;
  }
  const text = value.toFixed(PRECISION).replace(/0+$/, "");
  return text;
}
