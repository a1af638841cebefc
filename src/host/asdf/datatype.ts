import { UserError } from "../errors.js";

/** How the numbers of each ASDF datatype lie in memory; complex numbers are pairs (re, im). */
const NUMERIC = {
  int8: { size: 1, word: 1, array: Int8Array },
  uint8: { size: 1, word: 1, array: Uint8Array },
  int16: { size: 2, word: 2, array: Int16Array },
  uint16: { size: 2, word: 2, array: Uint16Array },
  int32: { size: 4, word: 4, array: Int32Array },
  uint32: { size: 4, word: 4, array: Uint32Array },
  int64: { size: 8, word: 8, array: BigInt64Array },
  uint64: { size: 8, word: 8, array: BigUint64Array },
  float16: { size: 2, word: 2, array: Uint16Array },
  float32: { size: 4, word: 4, array: Float32Array },
  float64: { size: 8, word: 8, array: Float64Array },
  complex64: { size: 8, word: 4, array: Float32Array },
  complex128: { size: 16, word: 8, array: Float64Array },
  bool8: { size: 1, word: 1, array: Uint8Array },
} as const;

export type NumericDatatype = keyof typeof NUMERIC;
export type StringDatatype = readonly ["ascii" | "ucs4", number];
export type ByteOrder = "little" | "big";

/** A column of a structured row. */
export interface Field {
  readonly name: string;
  readonly datatype: Datatype;
  readonly byteorder?: ByteOrder;
  readonly shape?: readonly number[];
}

/** An ASDF datatype: a number's name, a string with its length, or the fields of a row. */
export type Datatype = NumericDatatype | StringDatatype | readonly Field[];

/** What {@link NdArray.read} returns: float16 as raw bits in Uint16Array, bool8 in Uint8Array, complex as pairs. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export const HOST_ORDER: ByteOrder = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? "little" : "big";

export function isNumeric(datatype: Datatype): datatype is NumericDatatype {
  return typeof datatype === "string";
}

export function isString(datatype: Datatype): datatype is StringDatatype {
  return Array.isArray(datatype) && (datatype[0] === "ascii" || datatype[0] === "ucs4");
}

export function isStructured(datatype: Datatype): datatype is readonly Field[] {
  return !isNumeric(datatype) && !isString(datatype);
}

export function isNumericName(name: unknown): name is NumericDatatype {
  return typeof name === "string" && Object.hasOwn(NUMERIC, name);
}

export function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Bytes of one element. */
export function itemSize(datatype: Datatype): number {
  if (isNumeric(datatype)) return NUMERIC[datatype].size;
  if (isString(datatype)) return datatype[0] === "ascii" ? datatype[1] : 4 * datatype[1];
  return datatype.reduce((sum, field) => sum + fieldSize(field), 0);
}

export function fieldSize(field: Field): number {
  return itemSize(field.datatype) * product(field.shape ?? []);
}

/** Bytes that change places when the byte order does. */
export function wordSize(datatype: NumericDatatype): number {
  return NUMERIC[datatype].word;
}

/** A typed array over bytes that are native-endian and contiguous; copies only if they are not aligned. */
export function typedView(bytes: Uint8Array, datatype: NumericDatatype): TypedArray {
  const { word, array } = NUMERIC[datatype];
  const aligned = bytes.byteOffset % word === 0 ? bytes : bytes.slice();
  return new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / word);
}

/** The ASDF datatype of a typed array's elements, as long as nothing else is said. */
export function naturalDatatype(array: TypedArray): NumericDatatype {
  const name = array.constructor.name.replace("Array", "").toLowerCase().replace("big", "");
  if (isNumericName(name)) return name;
  throw new UserError(`ASDF array: ${array.constructor.name} has no ASDF datatype`);
}

/** Whether a typed array can hold a datatype's values in memory. */
export function holds(array: TypedArray, datatype: NumericDatatype): boolean {
  return array instanceof NUMERIC[datatype].array;
}

export function describeDatatype(datatype: Datatype): string {
  if (isNumeric(datatype)) return datatype;
  if (isString(datatype)) return `${datatype[0]}(${datatype[1]})`;
  const fields = datatype.map((f) => {
    const shape = f.shape?.length ? `[${f.shape.join(", ")}]` : "";
    return `${f.name}: ${describeDatatype(f.datatype)}${shape}`;
  });
  return `{${fields.join(", ")}}`;
}

/** Reads the `datatype` entry of an ndarray node. @throws UserError, ending in `where`, if it is not one */
export function parseDatatype(node: unknown, where: string): Datatype {
  if (isNumericName(node)) return node;
  if (Array.isArray(node)) {
    const [kind, length] = node as unknown[];
    if (node.length === 2 && (kind === "ascii" || kind === "ucs4") && isCount(length)) return [kind, length];
    if (node.length > 0) return node.map((field, i) => parseField(field, i, where));
  }
  throw new UserError(`${where}: unknown datatype ${JSON.stringify(node)}`);
}

function parseField(node: unknown, index: number, where: string): Field {
  const fallback = `f${index}`;
  if (typeof node !== "object" || node === null || Array.isArray(node)) {
    return { name: fallback, datatype: parseDatatype(node, where) };
  }
  const { name, datatype, byteorder, shape } = node as Record<string, unknown>;
  if (shape !== undefined && !(Array.isArray(shape) && shape.every(isCount))) {
    throw new UserError(`${where}: field ${String(name ?? fallback)} has an invalid shape`);
  }
  return {
    name: typeof name === "string" && name !== "" ? name : fallback,
    datatype: parseDatatype(datatype, where),
    byteorder: byteorder === undefined ? undefined : parseByteOrder(byteorder, where),
    shape: shape as number[] | undefined,
  };
}

export function parseByteOrder(node: unknown, where: string): ByteOrder {
  if (node === "little" || node === "big") return node;
  throw new UserError(`${where}: byteorder is ${JSON.stringify(node)}, expected "little" or "big"`);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
