import { UserError } from "../errors.js";
import { isCount, itemSize, parseByteOrder, parseDatatype, product } from "./datatype.js";
import { encodeInline } from "./encode.js";
import { NdArray } from "./ndarray.js";
import { MemoryStore, type ByteStore } from "./store.js";
import { isMap, type AsdfMap, type AsdfValue } from "./types.js";

/** What array nodes need of the file they are in. */
export interface ArrayContext {
  readonly name: string;
  /** A block of the file; negative indices count from the last. */
  block(index: number): ByteStore;
  /** The first block of another file. */
  external(uri: string, where: string): ByteStore;
}

/** The array that a `!core/ndarray` node describes. @throws UserError, beginning with `where` */
export function arrayFromNode(node: AsdfMap | AsdfValue[], context: ArrayContext, where: string): NdArray {
  if (Array.isArray(node)) return inlineArray(node, {}, where);
  const { data, source } = node;
  if (data !== undefined) return inlineArray(data, node, where);
  if (typeof source !== "number" && typeof source !== "string") {
    throw new UserError(`${where}: an array needs "source" or "data"`);
  }
  const stored = typeof source === "string" ? context.external(source, where) : context.block(source);
  return blockArray(node, stored, where);
}

function inlineArray(data: AsdfValue, node: AsdfMap, where: string): NdArray {
  const given = node.datatype === undefined ? undefined : parseDatatype(node.datatype, where);
  const list = Array.isArray(data) ? data : [data];
  const { shape: found, datatype, bytes, nulls } = encodeInline(list, given, where);
  // A zero-dimensional array's data is a scalar.
  const shape = Array.isArray(data) ? settledShape(node.shape, found, where) : [];
  const mask = node.mask ?? (nulls && NdArray.from(nulls, shape, "bool8", { storage: "inline" }));
  return new NdArray({ shape, datatype, store: new MemoryStore(bytes), where, mask, storage: "inline" });
}

/** Lists of an empty dimension don't show the dimensions within: there the node's shape says more. */
function settledShape(given: AsdfValue | undefined, found: number[], where: string): number[] {
  if (!Array.isArray(given)) return found;
  const fits = (n: AsdfValue, i: number): boolean => n === found[i] || (n === "*" && i === 0);
  const empty = product(found) === 0;
  if (empty && given.every(isCount) && given.slice(0, found.length).every(fits)) return given;
  if (!empty && given.length === found.length && given.every(fits)) return found;
  throw new UserError(
    `${where}: shape [${given.join(", ")}] does not match the inline data's [${found.join(", ")}]`,
  );
}

function blockArray(node: AsdfMap, store: ByteStore, where: string): NdArray {
  const { shape, strides, offset = 0 } = node;
  const datatype = parseDatatype(node.datatype, where);
  const streamed = Array.isArray(shape) && shape[0] === "*";
  const fixed = Array.isArray(shape) ? shape.slice(streamed ? 1 : 0) : undefined;
  if (!fixed?.every(isCount)) {
    throw new UserError(
      `${where}: shape is ${JSON.stringify(shape)}, expected a list of non-negative integers`,
    );
  }
  const counts = streamed ? [-1, ...fixed] : fixed;
  if (!isCount(offset))
    throw new UserError(`${where}: offset is ${JSON.stringify(offset)}, expected a byte count`);
  if (strides !== undefined && !isStrides(strides, counts.length)) {
    throw new UserError(
      `${where}: strides are ${JSON.stringify(strides)}, expected ${counts.length} integers`,
    );
  }
  // The byte order of rows may be left to their fields.
  const byteorder = parseByteOrder(node.byteorder ?? (itemSize(datatype) === 1 ? "big" : "little"), where);
  const layout = { offset, byteorder, strides };
  return new NdArray({
    shape: counts,
    datatype,
    store,
    layout,
    where,
    mask: node.mask,
    storage: streamed ? "streamed" : "internal",
  });
}

function isStrides(strides: AsdfValue, length: number): strides is number[] {
  return Array.isArray(strides) && strides.length === length && strides.every((n) => Number.isSafeInteger(n));
}

/** The value of a `!core/integer` node: words of 32 bits, the least significant first. */
export async function integerFromNode(node: AsdfMap | AsdfValue[], where: string): Promise<bigint> {
  const words = isMap(node) ? node.words : undefined;
  const sign = isMap(node) ? node.sign : undefined;
  if (!(words instanceof NdArray) || (sign !== "+" && sign !== "-")) {
    throw new UserError(`${where}: a !core/integer needs "words" and "sign"`);
  }
  let value = 0n;
  for (const word of (await words.read()).reverse()) value = (value << 32n) | BigInt(word);
  return sign === "-" ? -value : value;
}
