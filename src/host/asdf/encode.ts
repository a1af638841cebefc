import { UserError } from "../errors.js";
import { HOST_ORDER, fieldSize, isStructured, itemSize, product } from "./datatype.js";
import type { Datatype, Field, StringDatatype } from "./datatype.js";
import { putElement, type Element } from "./element.js";
import { Complex, notesOf, type AsdfValue } from "./types.js";

/** Strings at the length of the longest, in the smaller of the two string types. */
export function encodeStrings(strings: readonly string[]): { datatype: StringDatatype; bytes: Uint8Array } {
  const lengths = strings.map((s) => Array.from(s).length);
  const length = lengths.reduce((a, b) => Math.max(a, b), 1);
  // eslint-disable-next-line no-control-regex
  const ascii = strings.every((s) => /^[\x00-\x7f]*$/.test(s));
  const datatype: StringDatatype = [ascii ? "ascii" : "ucs4", length];
  const item = itemSize(datatype);
  const bytes = new Uint8Array(strings.length * item);
  const view = new DataView(bytes.buffer);
  strings.forEach((s, i) => {
    putElement(view, i * item, datatype, HOST_ORDER, s, "ASDF array");
  });
  return { datatype, bytes };
}

export interface InlineArray {
  shape: number[];
  datatype: Datatype;
  bytes: Uint8Array;
  /** 1 where the data is null; absent if nowhere. */
  nulls?: Uint8Array;
}

/**
 * The elements of inline data: nested lists, with the datatype inferred by the rules of the ndarray schema if none is
 * given. @throws UserError, beginning with `where`, for ragged lists and values that are not of the datatype
 */
export function encodeInline(data: AsdfValue[], given: Datatype | undefined, where: string): InlineArray {
  const rows = given !== undefined && isStructured(given);
  const datatype = given === undefined ? inferDatatype(data) : rows ? given.map(nativeField) : given;
  const shape = shapeOf(data, rows ? listDepth(data) - rowDepth(datatype as Field[]) : Infinity);
  const item = itemSize(datatype);
  const bytes = new Uint8Array(product(shape) * item);
  const view = new DataView(bytes.buffer);
  const nulls = new Uint8Array(product(shape));
  let index = 0;
  eachItem(data, shape, 0, where, (value) => {
    if (value === null) nulls[index] = 1;
    else putItem(view, index * item, datatype, value, where);
    index++;
  });
  return { shape, datatype, bytes, nulls: nulls.includes(1) ? nulls : undefined };
}

/** Byte order means nothing inline: the bytes made here are native. */
function nativeField(field: Field): Field {
  const { name, datatype, shape } = field;
  return { name, shape, datatype: isStructured(datatype) ? datatype.map(nativeField) : datatype };
}

function listDepth(node: AsdfValue | undefined): number {
  return Array.isArray(node) ? 1 + listDepth(node[0]) : 0;
}

/** Lists around the first scalar of a row. */
function rowDepth(fields: readonly Field[]): number {
  const [{ datatype, shape }] = fields;
  return 1 + (shape?.length ?? 0) + (isStructured(datatype) ? rowDepth(datatype) : 0);
}

function shapeOf(data: AsdfValue[], depth: number): number[] {
  const shape: number[] = [];
  for (let node: AsdfValue = data; Array.isArray(node) && shape.length < depth; node = node[0])
    shape.push(node.length);
  return shape;
}

function eachItem(
  node: AsdfValue,
  shape: readonly number[],
  depth: number,
  where: string,
  visit: (value: AsdfValue) => void,
): void {
  if (depth === shape.length) {
    visit(node);
    return;
  }
  if (!Array.isArray(node) || node.length !== shape[depth]) {
    throw new UserError(`${where}: the inline data is ragged, expected lists of shape [${shape.join(", ")}]`);
  }
  for (const child of node) eachItem(child, shape, depth + 1, where, visit);
}

function putItem(view: DataView, start: number, datatype: Datatype, value: AsdfValue, where: string): void {
  if (!isStructured(datatype)) {
    putElement(view, start, datatype, HOST_ORDER, asElement(value, where), where);
    return;
  }
  if (!Array.isArray(value) || value.length !== datatype.length) {
    throw new UserError(`${where}: a row of the inline data does not have ${datatype.length} fields`);
  }
  let at = start;
  datatype.forEach((field, i) => {
    const item = itemSize(field.datatype);
    let from = at;
    eachItem(value[i], field.shape ?? [], 0, where, (element) => {
      putItem(view, from, field.datatype, element, where);
      from += item;
    });
    at += fieldSize(field);
  });
}

function asElement(value: AsdfValue, where: string): Element {
  if (value instanceof Complex || (typeof value !== "object" && value !== null)) return value;
  throw new UserError(`${where}: the inline data holds something that is no number or string`);
}

function inferDatatype(data: AsdfValue[]): Datatype {
  const seen = { length: 0, text: false, complex: false, float: false, integer: false, bool: false };
  const look = (list: AsdfValue[]): void => {
    const floats = notesOf(list)?.floats;
    list.forEach((value, i) => {
      if (Array.isArray(value)) look(value);
      else if (value instanceof Complex) seen.complex = true;
      else if (typeof value === "string") {
        seen.text = true;
        seen.length = Math.max(seen.length, Array.from(value).length);
      } else if (typeof value === "bigint") seen.integer = true;
      else if (typeof value === "boolean") seen.bool = true;
      else if (typeof value === "number") {
        if (Number.isInteger(value) && !floats?.has(String(i))) seen.integer = true;
        else seen.float = true;
      }
    });
  };
  look(data);
  if (seen.text) return ["ucs4", Math.max(seen.length, 1)];
  if (seen.complex) return "complex128";
  if (seen.float) return "float64";
  if (seen.integer) return "int64";
  return seen.bool ? "bool8" : "float64";
}
