import { UserError } from "../errors.js";

/** Data quality flags of a Roman pixel; source: roman_datamodels 1.0.0 dqflags.py. Values are bits of a uint32. */
export const PIXEL = {
  GOOD: 0,
  DO_NOT_USE: 1,
  SATURATED: 2 ** 1,
  JUMP_DET: 2 ** 2,
  DROPOUT: 2 ** 3,
  GW_AFFECTED_DATA: 2 ** 4,
  PERSISTENCE: 2 ** 5,
  AD_FLOOR: 2 ** 6,
  OUTLIER: 2 ** 7,
  UNRELIABLE_ERROR: 2 ** 8,
  NON_SCIENCE: 2 ** 9,
  DEAD: 2 ** 10,
  HOT: 2 ** 11,
  WARM: 2 ** 12,
  LOW_QE: 2 ** 13,
  TELEGRAPH: 2 ** 15,
  NONLINEAR: 2 ** 16,
  BAD_REF_PIXEL: 2 ** 17,
  NO_FLAT_FIELD: 2 ** 18,
  NO_GAIN_VALUE: 2 ** 19,
  NO_LIN_CORR: 2 ** 20,
  NO_SAT_CHECK: 2 ** 21,
  UNRELIABLE_BIAS: 2 ** 22,
  UNRELIABLE_DARK: 2 ** 23,
  UNRELIABLE_SLOPE: 2 ** 24,
  UNRELIABLE_FLAT: 2 ** 25,
  RESERVED_5: 2 ** 26,
  RESERVED_6: 2 ** 27,
  UNRELIABLE_RESET: 2 ** 28,
  RESERVED_7: 2 ** 29,
  OTHER_BAD_PIXEL: 2 ** 30,
  REFERENCE_PIXEL: 2 ** 31,
} as const;

export type PixelFlag = keyof typeof PIXEL;

const flagBits: ReadonlyMap<string, number> = new Map(Object.entries(PIXEL));

/**
 * A list of bit flags as one mask; null where no flag is to be looked at ("None", "INDEF", "" or null).
 * Integers are taken as they are; strings are flags (names or powers of two) joined by one of `,` `+` `|`, optionally in
 * parentheses, optionally after one `~` that inverts the whole. The result is a signed integer as Python's (`~1` is -2).
 * Source: astropy 7.2.3 nddata/bitmask.py interpret_bit_flags with roman_datamodels' flag names.
 * Throws UserError that names the text.
 */
export function interpretBitFlags(flags: string | number | null): number | null {
  if (flags === null) return null;
  if (typeof flags === "number") {
    if (!Number.isSafeInteger(flags)) throw new UserError(`bit flags ${flags}: expected an integer`);
    return flags;
  }
  const text = flags.trim();
  if (["", "NONE", "INDEF"].includes(text.toUpperCase())) return null;
  const invert = text.startsWith("~");
  if (text.lastIndexOf("~") > 0)
    throw new UserError(`bit flags "${flags}": the ~ must precede the whole list`);
  const list = splitFlags(stripParentheses(invert ? text.slice(1).trim() : text, flags), flags);
  const bits = new Set(toBits(list, flags));
  let mask = 0;
  for (const bit of bits) {
    if (list.length > 1 && !isPowerOfTwo(bit))
      throw new UserError(`bit flags "${flags}": ${bit} is not a power of two`);
    mask += bit;
  }
  return invert ? -mask - 1 : mask;
}

/**
 * The bits of a uint32 that make a pixel bad, given the bits that are good: a pixel is good where `(dq & badBits) == 0`.
 * null: every pixel is good whatever its DQ. Source: astropy bitfield_to_boolean_mask(dq, ignore_flags=good).
 */
export function badBits(good: string | number | null): number | null {
  const mask = interpretBitFlags(good);
  return mask === null ? null : Number(BigInt.asUintN(32, ~BigInt(mask)));
}

function stripParentheses(text: string, whole: string): string {
  let inner = text;
  for (;;) {
    const open = inner.split("(").length - 1;
    const close = inner.split(")").length - 1;
    if (open === 0 && close === 0) return inner;
    if (open !== close) throw new UserError(`bit flags "${whole}": unbalanced parentheses`);
    if (!inner.startsWith("(") || !inner.endsWith(")"))
      throw new UserError(`bit flags "${whole}": parentheses may only enclose the whole list`);
    inner = inner.slice(1, -1).trim();
  }
}

function splitFlags(text: string, whole: string): string[] {
  const separators = ["+", ",", "|"].filter((separator) => text.includes(separator));
  if (separators.length > 1) throw new UserError(`bit flags "${whole}": use one of "+", "|" and "," only`);
  if (text === "") throw new UserError(`bit flags "${whole}": the list is empty`);
  return separators.length ? text.split(separators[0]).map((flag) => flag.trim()) : [text];
}

function toBits(list: readonly string[], whole: string): number[] {
  const byNumber = isInteger(list[0]);
  return list.map((flag) => {
    if (byNumber && isInteger(flag)) return Number(flag);
    const bit = byNumber ? undefined : flagBits.get(flag);
    if (bit !== undefined) return bit;
    const expected = byNumber
      ? "an integer, as the first flag is one"
      : "a flag of roman_datamodels.dqflags.pixel";
    throw new UserError(`bit flags "${whole}": "${flag}" is not ${expected}`);
  });
}

function isInteger(text: string): boolean {
  return /^-?\d+$/.test(text);
}

function isPowerOfTwo(value: number): boolean {
  return value >= 1 && Number.isInteger(Math.log2(value));
}
