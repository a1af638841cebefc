import { UserError } from "../errors.js";
import type { Compression } from "./compression.js";
import {
  HOST_ORDER,
  holds,
  isNumeric,
  isString,
  isStructured,
  itemSize,
  naturalDatatype,
} from "./datatype.js";
import { product, type ByteOrder, type Datatype, type NumericDatatype, type TypedArray } from "./datatype.js";
import {
  decodeFields,
  decodeNumbers,
  decodeStrings,
  findString,
  nest,
  toFloat64,
  type FieldData,
  type Nested,
} from "./decode.js";
import { contiguousStrides, gather, isContiguous, span, swapWords, type Layout } from "./layout.js";
import { encodeStrings } from "./encode.js";
import { maskOf } from "./mask.js";
import { MemoryStore, ProducerStore, type ByteStore } from "./store.js";
import type { AsdfValue } from "./types.js";

/** Where a written array goes: a block of its own, the tree, the streamed block at the end, a file beside. */
export type Storage = "internal" | "inline" | "streamed" | "external";

export interface ArrayOptions {
  /** Default: what {@link WriteOptions.compression} says; `input` keeps that of the file the array was read from. */
  readonly compression?: Compression | "input";
  readonly storage?: Storage;
  /** Missing values: a number that stands for them, or an array that is non-zero where they are. */
  readonly mask?: AsdfValue;
}

export interface NdArrayInit extends ArrayOptions {
  readonly shape: readonly number[];
  readonly datatype: Datatype;
  readonly store: ByteStore;
  readonly layout?: Partial<Layout>;
  /** Name of the file and node for messages. */
  readonly where?: string;
}

/**
 * An n-dimensional array of an ASDF tree (`!core/ndarray`): shape, datatype and a way to its bytes, which are read
 * when asked for. Rows run slowest (C order). Reads of several arrays may run at the same time.
 */
export class NdArray {
  #shape: readonly number[];
  readonly datatype: Datatype;
  readonly layout: Layout;
  readonly store: ByteStore;
  readonly where: string;
  readonly mask: AsdfValue | undefined;
  compression: Compression | "input" | undefined;
  storage: Storage;
  #loaded: Uint8Array | undefined;

  constructor(init: NdArrayInit) {
    this.#shape = init.shape;
    this.datatype = init.datatype;
    this.layout = { offset: 0, byteorder: HOST_ORDER, ...init.layout };
    this.store = init.store;
    this.where = init.where ?? "ASDF array";
    this.mask = init.mask;
    this.compression = init.compression;
    this.storage = init.storage ?? "internal";
    if (init.store instanceof MemoryStore && this.contiguous && this.layout.byteorder === HOST_ORDER) {
      this.#loaded = init.store.bytes.subarray(this.layout.offset, this.layout.offset + this.nbytes);
    }
  }

  /**
   * An array of numbers in memory; the data is not copied, and {@link read} gives it back.
   * @param array float16 as raw bits in Uint16Array, complex numbers as pairs (re, im), bool8 in Uint8Array
   * @param shape default: one dimension
   * @param datatype default: that of the typed array
   * @throws UserError if shape, datatype and array don't fit together
   */
  static from(
    array: TypedArray,
    shape?: readonly number[],
    datatype: NumericDatatype = naturalDatatype(array),
    options: ArrayOptions = {},
  ): NdArray {
    if (!holds(array, datatype)) {
      throw new UserError(`ASDF array: a ${array.constructor.name} cannot hold ${datatype}`);
    }
    const elements = array.byteLength / itemSize(datatype);
    const dims = shape ?? [elements];
    if (product(dims) !== elements) {
      throw new UserError(
        `ASDF array: shape [${dims.join(", ")}] does not fit ${elements} elements of ${datatype}`,
      );
    }
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    return new NdArray({ ...options, shape: dims, datatype, store: new MemoryStore(bytes) });
  }

  /** An array of strings, stored at the length of the longest: `ascii` if they all are, else `ucs4`. */
  static fromStrings(
    strings: readonly string[],
    shape?: readonly number[],
    options: ArrayOptions = {},
  ): NdArray {
    const dims = shape ?? [strings.length];
    if (product(dims) !== strings.length) {
      throw new UserError(`ASDF array: shape [${dims.join(", ")}] does not fit ${strings.length} strings`);
    }
    const { datatype, bytes } = encodeStrings(strings);
    return new NdArray({ ...options, shape: dims, datatype, store: new MemoryStore(bytes) });
  }

  /**
   * An array whose bytes are made only when they are written: contiguous, native endian, in pieces of any size that
   * add up to the array's. `produce` is called once for every write or read.
   */
  static fromProducer(
    shape: readonly number[],
    datatype: Datatype,
    produce: () => AsyncIterable<Uint8Array>,
    options: ArrayOptions = {},
  ): NdArray {
    const store = new ProducerStore(product(shape) * itemSize(datatype), produce);
    return new NdArray({ ...options, shape, datatype, store });
  }

  /** Lengths of the dimensions, the slowest first. */
  get shape(): readonly number[] {
    return this.#shape;
  }

  /** Elements. */
  get size(): number {
    return product(this.shape);
  }

  /** Bytes of the elements, contiguous. */
  get nbytes(): number {
    return this.size * itemSize(this.datatype);
  }

  /** Whether the elements lie in C order without gaps. */
  get contiguous(): boolean {
    return isContiguous(this.shape, this.layout.strides, itemSize(this.datatype));
  }

  /** Whether {@link values} can answer: arrays in memory, inline arrays and those that were loaded. */
  get loaded(): boolean {
    return this.#loaded !== undefined;
  }

  /** Another view on the same bytes; both are written as one block. Strides and offset in bytes. */
  view(init: {
    shape: readonly number[];
    datatype?: Datatype;
    offset?: number;
    strides?: readonly number[];
    byteorder?: ByteOrder;
  }): NdArray {
    const { shape, datatype = this.datatype, offset = 0, strides, byteorder = this.layout.byteorder } = init;
    const layout = { byteorder, offset: this.layout.offset + offset, strides };
    return new NdArray({
      shape,
      datatype,
      layout,
      store: this.store,
      where: this.where,
      compression: this.compression,
    });
  }

  /**
   * The elements: contiguous, native endian, in C order. What comes from a file is the caller's own; what was made
   * by {@link from} comes back as it is.
   * @throws UserError if the array holds strings or rows, or its bytes are missing or damaged
   */
  async read(): Promise<TypedArray> {
    return decodeNumbers(await this.#bytes(), this.#numeric());
  }

  /**
   * `length` (all that follow) of the bytes of what {@link read} gives, from the byte `start` on; a piece is good until the next is asked
   * for. Throws as read.
   */
  async *pieces(start = 0, length = this.nbytes - start): AsyncGenerator<Uint8Array> {
    const { store, layout } = this;
    const plain = isNumeric(this.datatype) && layout.byteorder === HOST_ORDER && this.contiguous;
    if (plain && store.pieces && layout.offset === 0 && (await store.size()) === this.nbytes) {
      yield* store.pieces(start, length);
      return;
    }
    const array = await this.read();
    yield new Uint8Array(array.buffer, array.byteOffset + start, length);
  }

  /** The elements of an array that is {@link loaded}, without waiting. */
  values(): TypedArray {
    if (!this.#loaded) throw new Error(`${this.where}: call load() before values()`);
    return decodeNumbers(this.#loaded, this.#numeric());
  }

  /** Reads the elements and keeps them, so that {@link values} answers. */
  async load(): Promise<this> {
    this.#loaded ??= await this.#bytes();
    return this;
  }

  /** The elements as doubles: halves decoded, 64-bit integers rounded, complex numbers as pairs. */
  async readNumbers(): Promise<Float64Array> {
    return toFloat64(await this.read(), this.#numeric());
  }

  /** {@link readNumbers} for an array that is {@link loaded}. */
  numbers(): Float64Array {
    return toFloat64(this.values(), this.#numeric());
  }

  /** The elements of an ascii or ucs4 array, in C order. */
  async readStrings(): Promise<string[]> {
    const { datatype } = this;
    if (!isString(datatype)) throw this.#mismatch("strings");
    return decodeStrings(await this.#bytes(), datatype, this.layout.byteorder);
  }

  /** Where, in C order, an ascii or ucs4 array first holds `text`; -1 where nowhere. Much faster than by {@link readStrings}. */
  async indexOfString(text: string): Promise<number> {
    const { datatype } = this;
    if (!isString(datatype)) throw this.#mismatch("strings");
    const { strides, byteorder } = this.layout;
    const column = this.#loaded || this.shape.length !== 1 ? undefined : strides;
    const place = column ? await this.#spanned() : { bytes: await this.#bytes(), origin: 0 };
    const run = { ...place, step: column?.[0] ?? itemSize(datatype), count: this.size };
    return findString(run, text, datatype, byteorder);
  }

  /** The columns of an array of structured rows, by field name. */
  async readFields(): Promise<Record<string, FieldData>> {
    const { datatype } = this;
    if (!isStructured(datatype)) throw this.#mismatch("structured rows");
    return decodeFields(await this.#bytes(), datatype, this.size, this.layout.byteorder);
  }

  /** The elements as nested lists of numbers, strings, booleans, Complex or rows; null where masked. */
  async toList({ masked = true } = {}): Promise<Nested> {
    const { datatype, shape } = this;
    const bytes = await this.#bytes();
    return nest(bytes, datatype, shape, this.layout.byteorder, masked ? await this.readMask() : undefined);
  }

  /** 1 where a value is missing, 0 elsewhere, in the array's shape; undefined if the array has no mask. */
  readMask(): Promise<Uint8Array | undefined> {
    return maskOf(this);
  }

  /** Gives an array whose first dimension is open, -1, the length that its block has. @internal */
  async settleStream(): Promise<void> {
    const row = product(this.#shape.slice(1)) * itemSize(this.datatype);
    const bytes = (await this.store.size()) - this.layout.offset;
    this.#shape = [row === 0 ? 0 : Math.max(0, Math.floor(bytes / row)), ...this.#shape.slice(1)];
  }

  #numeric(): NumericDatatype {
    if (isNumeric(this.datatype)) return this.datatype;
    throw this.#mismatch("numbers");
  }

  #mismatch(wanted: string): UserError {
    const holds = isString(this.datatype)
      ? "strings"
      : isStructured(this.datatype)
        ? "structured rows"
        : "numbers";
    return new UserError(`${this.where}: the array holds ${holds}, not ${wanted}`);
  }

  /** Contiguous bytes: numbers in native order, strings and rows in that of the layout. */
  async #bytes(): Promise<Uint8Array> {
    if (this.#loaded) return this.#loaded;
    const { shape, datatype, layout, store } = this;
    const { bytes: spanned, origin } = await this.#spanned();
    const apart = layout.strides && !this.contiguous ? layout.strides : undefined;
    const bytes = apart ? gather(spanned, origin, shape, apart, itemSize(datatype)) : spanned;
    if (!isNumeric(datatype) || layout.byteorder === HOST_ORDER) return bytes;
    return swapWords(apart || store.fresh ? bytes : bytes.slice(), datatype);
  }

  /** The bytes of all elements and what lies between them; the first element is at byte `origin`. */
  async #spanned(): Promise<{ bytes: Uint8Array; origin: number }> {
    const { shape, datatype, layout, store } = this;
    const item = itemSize(datatype);
    const [low, high] = span(shape, layout.strides ?? contiguousStrides(shape, item), item);
    const start = layout.offset + low;
    const size = await store.size();
    if (start < 0 || start + high - low > size) {
      throw new UserError(
        `${this.where}: the array needs bytes ${start} to ${start + high - low} of ${store.where}, which has ${size}`,
      );
    }
    return { bytes: await store.read(start, high - low), origin: -low };
  }
}
