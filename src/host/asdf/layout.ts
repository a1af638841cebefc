import { wordSize, type ByteOrder, type NumericDatatype } from "./datatype.js";

/** How elements lie in an array's bytes; strides in bytes, absent if contiguous. */
export interface Layout {
  readonly offset: number;
  readonly byteorder: ByteOrder;
  readonly strides?: readonly number[];
}

export function contiguousStrides(shape: readonly number[], item: number): number[] {
  const strides = new Array<number>(shape.length);
  let step = item;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

export function isContiguous(
  shape: readonly number[],
  strides: readonly number[] | undefined,
  item: number,
): boolean {
  if (!strides || shape.includes(0)) return true;
  const expected = contiguousStrides(shape, item);
  return shape.every((n, i) => n === 1 || strides[i] === expected[i]);
}

/** First and one-past-last byte of all elements, relative to the first element. */
export function span(shape: readonly number[], strides: readonly number[], item: number): [number, number] {
  if (shape.includes(0)) return [0, 0];
  let low = 0;
  let high = item;
  shape.forEach((n, i) => {
    const reach = (n - 1) * strides[i];
    if (reach < 0) low += reach;
    else high += reach;
  });
  return [low, high];
}

/** Copies strided elements into C order. `origin` is the byte of the first element. */
export function gather(
  bytes: Uint8Array,
  origin: number,
  shape: readonly number[],
  strides: readonly number[],
  item: number,
): Uint8Array {
  const total = shape.reduce((a, b) => a * b, item);
  const out = new Uint8Array(total);
  // The innermost dimensions that are contiguous are copied as one run.
  let depth = shape.length;
  let run = item;
  while (depth > 0 && (shape[depth - 1] === 1 || strides[depth - 1] === run)) run *= shape[--depth];
  let at = 0;
  const copy = (level: number, from: number): void => {
    if (level === depth) {
      if (run <= 16) for (let i = 0; i < run; i++) out[at + i] = bytes[from + i];
      else out.set(bytes.subarray(from, from + run), at);
      at += run;
      return;
    }
    for (let i = 0; i < shape[level]; i++) copy(level + 1, from + i * strides[level]);
  };
  if (total > 0) copy(0, origin);
  return out;
}

/** Reverses the bytes of each word, in place. */
export function swapWords(bytes: Uint8Array, datatype: NumericDatatype): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = wordSize(datatype);
  if (word === 2) view.swap16();
  else if (word === 4) view.swap32();
  else if (word === 8) view.swap64();
  return bytes;
}
