import { HOST_ORDER, fieldSize, isNumeric, isString, isStructured, itemSize } from "./datatype.js";
import { product, typedView, type ByteOrder, type Datatype, type Field } from "./datatype.js";
import type { NumericDatatype, StringDatatype, TypedArray } from "./datatype.js";
import { halfToNumber } from "../numerics/half.js";
import { getElement, type Element } from "./element.js";
import { contiguousStrides, gather, swapWords } from "./layout.js";

/** A column of rows: numbers, strings, or the columns within it. A field's own shape follows the rows'. */
export type FieldData = TypedArray | string[] | { [name: string]: FieldData };

/** Nested lists of elements; null where a mask says so. A structured row is a list of its fields. */
export type Nested = Element | null | Nested[];

export function decodeNumbers(bytes: Uint8Array, datatype: NumericDatatype): TypedArray {
  return typedView(bytes, datatype);
}

export function decodeStrings(bytes: Uint8Array, datatype: StringDatatype, order: ByteOrder): string[] {
  const view = viewOf(bytes);
  const item = itemSize(datatype);
  const count = item === 0 ? 0 : bytes.length / item;
  return Array.from({ length: count }, (_, i) => getElement(view, i * item, datatype, order) as string);
}

/** Strings within bytes, one every `step` bytes from `origin` on. */
export interface StringRun {
  readonly bytes: Uint8Array;
  readonly origin: number;
  readonly step: number;
  readonly count: number;
}

/** Index of the first string that equals `text`, -1 where none does; no strings are made. */
export function findString(
  { bytes, origin, step, count }: StringRun,
  text: string,
  datatype: StringDatatype,
  order: ByteOrder,
): number {
  const [kind, length] = datatype;
  const codes = Array.from(text.replace(/\0+$/, ""), (character) => character.codePointAt(0) as number);
  if (length === 0 || codes.length > length || (kind === "ascii" && codes.some((code) => code > 0xff)))
    return -1;
  const wanted = new Uint8Array(itemSize(datatype));
  const view = viewOf(wanted);
  codes.forEach((code, i) => {
    if (kind === "ascii") view.setUint8(i, code);
    else view.setUint32(4 * i, code, order === "little");
  });
  for (let index = 0, at = origin; index < count; index++, at += step) {
    let same = 0;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return index;
  }
  return -1;
}

/** Columns out of `rows` rows that lie one after the other. */
export function decodeFields(
  bytes: Uint8Array,
  fields: readonly Field[],
  rows: number,
  order: ByteOrder,
): Record<string, FieldData> {
  const row = itemSize(fields);
  const columns: Record<string, FieldData> = {};
  let origin = 0;
  for (const field of fields) {
    const shape = [rows, ...(field.shape ?? [])];
    const item = itemSize(field.datatype);
    const strides = [row, ...contiguousStrides(field.shape ?? [], item)];
    const column = gather(bytes, origin, shape, strides, item);
    columns[field.name] = decodeColumn(column, field, product(shape), field.byteorder ?? order);
    origin += fieldSize(field);
  }
  return columns;
}

function decodeColumn(bytes: Uint8Array, { datatype }: Field, count: number, order: ByteOrder): FieldData {
  if (isString(datatype)) return decodeStrings(bytes, datatype, order);
  if (isStructured(datatype)) return decodeFields(bytes, datatype, count, order);
  return typedView(order === HOST_ORDER ? bytes : swapWords(bytes, datatype), datatype);
}

/** Elements as doubles; complex numbers stay pairs. */
export function toFloat64(array: TypedArray, datatype: NumericDatatype): Float64Array {
  if (array instanceof Float64Array) return array;
  const out = new Float64Array(array.length);
  if (datatype === "float16") for (let i = 0; i < out.length; i++) out[i] = halfToNumber(Number(array[i]));
  else for (let i = 0; i < out.length; i++) out[i] = Number(array[i]);
  return out;
}

/** Contiguous elements as nested lists. Numbers are native-endian, strings and rows in `order`. */
export function nest(
  bytes: Uint8Array,
  datatype: Datatype,
  shape: readonly number[],
  order: ByteOrder,
  mask?: Uint8Array,
): Nested {
  const view = viewOf(bytes);
  const byteorder = isNumeric(datatype) ? HOST_ORDER : order;
  const item = itemSize(datatype);
  let index = 0;
  return nestShape(shape, () => {
    const at = index++;
    return mask?.[at] ? null : nestItem(view, at * item, datatype, byteorder);
  });
}

function nestShape(shape: readonly number[], next: () => Nested, depth = 0): Nested {
  if (depth === shape.length) return next();
  return Array.from({ length: shape[depth] }, () => nestShape(shape, next, depth + 1));
}

function nestItem(view: DataView, start: number, datatype: Datatype, order: ByteOrder): Nested {
  if (!isStructured(datatype)) return getElement(view, start, datatype, order);
  let at = start;
  return datatype.map((field) =>
    nestShape(field.shape ?? [], () => {
      const value = nestItem(view, at, field.datatype, field.byteorder ?? order);
      at += itemSize(field.datatype);
      return value;
    }),
  );
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
