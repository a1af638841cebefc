import { UserError } from "../errors.js";
import { halfToNumber, numberToHalf } from "../numerics/half.js";
import {
  isNumeric,
  isString,
  itemSize,
  type ByteOrder,
  type Datatype,
  type NumericDatatype,
} from "./datatype.js";
import { Complex, type PlainScalar } from "./types.js";

/** One element out of an array: complex numbers as Complex, bool8 as boolean, int64 as bigint where a double won't do. */
export type Element = Exclude<PlainScalar, null> | Complex;

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

type Reader = (view: DataView, at: number, little: boolean) => Element;

const READERS: Record<NumericDatatype, Reader> = {
  int8: (v, at) => v.getInt8(at),
  uint8: (v, at) => v.getUint8(at),
  int16: (v, at, le) => v.getInt16(at, le),
  uint16: (v, at, le) => v.getUint16(at, le),
  int32: (v, at, le) => v.getInt32(at, le),
  uint32: (v, at, le) => v.getUint32(at, le),
  int64: (v, at, le) => narrow(v.getBigInt64(at, le)),
  uint64: (v, at, le) => narrow(v.getBigUint64(at, le)),
  float16: (v, at, le) => halfToNumber(v.getUint16(at, le)),
  float32: (v, at, le) => v.getFloat32(at, le),
  float64: (v, at, le) => v.getFloat64(at, le),
  complex64: (v, at, le) => new Complex(v.getFloat32(at, le), v.getFloat32(at + 4, le)),
  complex128: (v, at, le) => new Complex(v.getFloat64(at, le), v.getFloat64(at + 8, le)),
  bool8: (v, at) => v.getUint8(at) !== 0,
};

/** Reads one number or string. */
export function getElement(view: DataView, at: number, datatype: Datatype, order: ByteOrder): Element {
  const little = order === "little";
  if (isNumeric(datatype)) return READERS[datatype](view, at, little);
  if (!isString(datatype)) throw new Error("a row is not an element");
  const [kind, length] = datatype;
  let text = "";
  for (let i = 0; i < length; i++) {
    text +=
      kind === "ascii"
        ? String.fromCharCode(view.getUint8(at + i))
        : codePoint(view.getUint32(at + 4 * i, little));
  }
  return text.replace(/\0+$/, "");
}

function codePoint(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}

const RANGES: Partial<Record<NumericDatatype, readonly [bigint, bigint]>> = {
  int8: [-(2n ** 7n), 2n ** 7n],
  uint8: [0n, 2n ** 8n],
  int16: [-(2n ** 15n), 2n ** 15n],
  uint16: [0n, 2n ** 16n],
  int32: [-(2n ** 31n), 2n ** 31n],
  uint32: [0n, 2n ** 32n],
  int64: [-(2n ** 63n), 2n ** 63n],
  uint64: [0n, 2n ** 64n],
};

/** Writes one number or string. @throws UserError, beginning with `where`, if the value is not of the datatype */
export function putElement(
  view: DataView,
  at: number,
  datatype: Datatype,
  order: ByteOrder,
  value: Element,
  where: string,
): void {
  const little = order === "little";
  if (isString(datatype)) putString(view, at, datatype, little, value, where);
  else if (!isNumeric(datatype)) throw new Error("a row is not an element");
  else if (datatype === "complex64" || datatype === "complex128") {
    const half = itemSize(datatype) / 2;
    const { re, im } = value instanceof Complex ? value : new Complex(toNumber(value, datatype, where), 0);
    putFloat(view, at, half, re, little);
    putFloat(view, at + half, half, im, little);
  } else if (datatype.startsWith("float")) {
    putFloat(view, at, itemSize(datatype), toNumber(value, datatype, where), little);
  } else if (datatype === "bool8") view.setUint8(at, toNumber(value, datatype, where) === 0 ? 0 : 1);
  else putInteger(view, at, datatype, toNumber(value, datatype, where), value, little, where);
}

function toNumber(value: Element, datatype: string, where: string): number {
  if (typeof value === "string" || value instanceof Complex) throw unfit(value, datatype, where);
  return Number(value);
}

function unfit(value: Element, datatype: string, where: string): UserError {
  const shown = value instanceof Complex ? `${value.re}+${value.im}j` : String(value);
  return new UserError(`${where}: the value ${shown} is not ${datatype}`);
}

function putFloat(view: DataView, at: number, size: number, value: number, little: boolean): void {
  if (size === 2) view.setUint16(at, numberToHalf(value), little);
  else if (size === 4) view.setFloat32(at, value, little);
  else view.setFloat64(at, value, little);
}

function putInteger(
  view: DataView,
  at: number,
  datatype: NumericDatatype,
  number: number,
  value: Element,
  little: boolean,
  where: string,
): void {
  if (typeof value !== "bigint" && !Number.isInteger(number)) throw unfit(value, datatype, where);
  const big = typeof value === "bigint" ? value : BigInt(number);
  const [low, high] = RANGES[datatype]!;
  if (big < low || big >= high) throw unfit(value, datatype, where);
  const size = itemSize(datatype);
  if (size === 1) view.setUint8(at, Number(BigInt.asUintN(8, big)));
  else if (size === 2) view.setUint16(at, Number(BigInt.asUintN(16, big)), little);
  else if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, big)), little);
  else view.setBigUint64(at, BigInt.asUintN(64, big), little);
}

function putString(
  view: DataView,
  at: number,
  [kind, length]: readonly ["ascii" | "ucs4", number],
  little: boolean,
  value: Element,
  where: string,
): void {
  if (typeof value !== "string") throw unfit(value, kind, where);
  const codes = Array.from(value, (c) => c.codePointAt(0)!);
  if (codes.length > length) throw unfit(value, `${kind} of length ${length}`, where);
  codes.forEach((code, i) => {
    if (kind === "ucs4") view.setUint32(at + 4 * i, code, little);
    else if (code > 127) throw unfit(value, "ascii", where);
    else view.setUint8(at + i, code);
  });
}
