import { Alias, Pair, Scalar, YAMLMap, YAMLSeq, type Node } from "yaml";
import { UserError } from "../errors.js";
import { isNumeric, isString, isStructured, type ByteOrder, type Datatype } from "./datatype.js";
import type { Nested } from "./decode.js";
import { NdArray } from "./ndarray.js";
import type { Plan } from "./plan.js";
import { ASDF_TAG, Complex, TaggedScalar, isFloat, isMap, notesOf } from "./types.js";
import type { AsdfMap, AsdfValue, PlainScalar } from "./types.js";
import { newDocument } from "./yaml-schema.js";

const INT64 = 2n ** 63n - 1n;
const PLAIN = /^[A-Za-z_](?:[\w ./+()=~^$-]*[\w./+()=~^$-])?$/;
const PLAIN_TAGGED = /^[\w.:+-]*[\w.+-]$/;
const PRINTABLE = /^[\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;
const UNPRINTABLE = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** Tags whose version depends on the standard's. */
export interface CoreTags {
  readonly root: string;
  readonly ndarray: string;
  readonly complex: string;
  readonly integer: string | undefined;
  readonly float16: boolean;
}

/** @throws UserError if the version is not one of 1.0.0 to 1.6.0 */
export function coreTags(standard: string, name: string): CoreTags {
  const minor = /^1\.([0-6])\.0$/.exec(standard)?.[1];
  if (minor === undefined) {
    throw new UserError(`${name}: ASDF standard ${standard} cannot be written, expected 1.0.0 to 1.6.0`);
  }
  const version = Number(minor);
  const core = (tag: string): string => `${ASDF_TAG}core/${tag}`;
  return {
    root: core(version < 2 ? "asdf-1.0.0" : "asdf-1.1.0"),
    ndarray: core(version < 6 ? "ndarray-1.0.0" : "ndarray-1.1.0"),
    complex: core("complex-1.0.0"),
    integer: version < 3 ? undefined : core(version < 6 ? "integer-1.0.0" : "integer-1.1.0"),
    float16: version >= 6,
  };
}

/** The YAML document of a tree, from `%YAML` to `...`. @throws UserError for what a tree cannot hold */
export function formatTree(tree: AsdfMap, plan: Plan, tags: CoreTags, name: string): string {
  const document = newDocument();
  const root = new TreeFormatter(plan, tags, name).format(tree);
  root.tag = tags.root;
  document.contents = root as never;
  const text = document
    .toString({ lineWidth: 0, flowCollectionPadding: false })
    .replace(/\n---\n!/, "\n--- !");
  const escape = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${text.replace(UNPRINTABLE, escape).trimEnd()}\n...\n`;
}

class TreeFormatter {
  readonly #uses = new Map<object, number>();
  readonly #anchors = new Map<object, string>();
  readonly #path: string[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly tags: CoreTags,
    private readonly name: string,
  ) {}

  format(tree: AsdfMap): Node {
    this.#count(tree);
    return this.#node(tree, false);
  }

  #count(node: AsdfValue): void {
    if (!(node instanceof NdArray) && !Array.isArray(node) && !isMap(node)) return;
    const uses = this.#uses.get(node) ?? 0;
    this.#uses.set(node, uses + 1);
    if (uses > 0) return;
    if (node instanceof NdArray) this.#count(node.mask ?? null);
    else for (const child of Object.values(node)) this.#count(child as AsdfValue);
  }

  #node(value: AsdfValue, asFloat: boolean): Node {
    if (typeof value !== "object" || value === null) return this.#scalar(value, asFloat);
    if (isFloat(value)) return this.#scalar(value.value, true);
    if (value instanceof TaggedScalar) return this.#tagged(value);
    if (value instanceof Complex) return tag(plainScalar(formatComplex(value)), this.tags.complex);
    const anchor = this.#anchors.get(value);
    if (anchor !== undefined) return new Alias(anchor);
    return this.#anchored(value);
  }

  /** A collection or array; the anchor must be known before its children are formatted, they may refer to it. */
  #anchored(value: object): Node {
    const node = value instanceof NdArray || Array.isArray(value) ? new YAMLSeq() : new YAMLMap();
    const shared = (this.#uses.get(value) ?? 0) > 1;
    const anchor = `id${String(this.#anchors.size + 1).padStart(3, "0")}`;
    if (shared) this.#anchors.set(value, anchor);
    let made: YAMLMap | YAMLSeq = node;
    if (value instanceof NdArray) made = this.#array(value);
    else if (node instanceof YAMLSeq && Array.isArray(value)) this.#list(node, value as AsdfValue[]);
    else if (node instanceof YAMLMap && isMap(value as AsdfValue)) this.#map(node, value as AsdfMap);
    else throw this.#error(`a ${value.constructor.name} cannot be written`);
    if (shared) made.anchor = anchor;
    return made;
  }

  #list(node: YAMLSeq, list: AsdfValue[]): void {
    const notes = notesOf(list);
    list.forEach((child, i) => {
      this.#path.push(String(i));
      node.items.push(this.#node(child, notes?.floats?.has(String(i)) ?? false));
      this.#path.pop();
    });
    node.flow = list.every((child) => typeof child !== "object" || child === null);
    if (notes?.tag) tag(node, this.#checkTag(notes.tag));
  }

  #map(node: YAMLMap, map: AsdfMap): void {
    const notes = notesOf(map);
    for (const [key, child] of Object.entries(map)) {
      // A key without a value is not there.
      if ((child as unknown) === undefined) continue;
      this.#path.push(key);
      const name = notes?.keys?.get(key) ?? key;
      const keyNode = this.#scalar(name, typeof name === "number" && !Number.isInteger(name));
      node.items.push(new Pair(keyNode, this.#node(child, notes?.floats?.has(key) ?? false)));
      this.#path.pop();
    }
    if (notes?.tag) tag(node, this.#checkTag(notes.tag));
  }

  #scalar(value: PlainScalar, asFloat: boolean): Node {
    if (typeof value === "number") {
      const integer = Number.isSafeInteger(value) && !Object.is(value, -0) && !asFloat;
      return new Scalar(integer ? BigInt(value) : value);
    }
    if (typeof value === "bigint")
      return value > INT64 || value < -INT64 ? this.#integer(value) : new Scalar(value);
    if (value === null || typeof value === "boolean") return new Scalar(value);
    if (typeof value !== "string") throw this.#error(`a ${typeof value} cannot be written`);
    return plainScalar(value);
  }

  #tagged({ tag: name, value }: TaggedScalar): Node {
    const node = typeof value === "string" ? plainScalar(value, PLAIN_TAGGED) : this.#scalar(value, false);
    return tag(node, this.#checkTag(name));
  }

  #checkTag(name: string): string {
    if (/^[\x21-\x7e]+$/.test(name) && !/[<>{}\\^`"|]/.test(name)) return name;
    throw this.#error(`${JSON.stringify(name)} is not a YAML tag`);
  }

  #integer(value: bigint): Node {
    const { integer, ndarray } = this.tags;
    if (!integer) throw this.#error(`${value} needs !core/integer, which the standard has from 1.3.0 on`);
    const words: AsdfValue[] = [];
    for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 32n)
      words.push(Number(rest & 0xffffffffn));
    const list = new YAMLSeq();
    this.#list(list, words);
    const array = mapNode({ data: list, datatype: new Scalar("uint32"), shape: this.#shape([words.length]) });
    const sign = plainScalar(value < 0n ? "-" : "+");
    const node = mapNode({ sign, string: plainScalar(String(value)), words: tag(array, ndarray) });
    return tag(node, integer);
  }

  #array(array: NdArray): YAMLMap {
    const { layout, storage, mask } = array;
    const inline = this.plan.inline.get(array);
    const entries: Record<string, Node> = {};
    if (inline === undefined) {
      entries.source = this.#node(this.plan.sources.get(array) ?? null, false);
      entries.datatype = this.#datatype(array.datatype, layout.byteorder);
      entries.byteorder = plainScalar(layout.byteorder);
      entries.shape = this.#shape(storage === "streamed" ? ["*", ...array.shape.slice(1)] : array.shape);
      if (layout.offset > 0) entries.offset = this.#scalar(layout.offset, false);
      if (layout.strides) entries.strides = this.#shape(layout.strides);
    } else {
      entries.data = this.#inline(inline, array.shape.length, array.datatype);
      entries.datatype = this.#datatype(array.datatype, undefined);
      entries.shape = this.#shape(array.shape);
    }
    // An inline array's mask is in its data, as nulls.
    if (mask !== undefined && !(inline !== undefined && mask instanceof NdArray))
      entries.mask = this.#node(mask, false);
    return tag(mapNode(entries), this.tags.ndarray);
  }

  #shape(shape: readonly (number | string)[]): YAMLSeq {
    const node = new YAMLSeq();
    this.#list(node, [...shape]);
    return node;
  }

  #datatype(datatype: Datatype, order: ByteOrder | undefined): Node {
    if (isNumeric(datatype)) {
      if (datatype === "float16" && !this.tags.float16)
        throw this.#error("float16 needs ASDF standard 1.6.0");
      return plainScalar(datatype);
    }
    if (isString(datatype)) return this.#shape(datatype);
    const node = new YAMLSeq();
    for (const { name, datatype: type, byteorder = order, shape } of datatype) {
      const field: Record<string, Node> = {
        name: plainScalar(name),
        datatype: this.#datatype(type, byteorder),
      };
      if (byteorder) field.byteorder = plainScalar(byteorder);
      if (shape?.length) field.shape = this.#shape(shape);
      node.items.push(mapNode(field));
    }
    return node;
  }

  /** Values inline, `depth` lists deep: floats as such also where they are whole, rows as lists of their fields. */
  #inline(value: Nested, depth: number, datatype: Datatype): Node {
    if (value instanceof Complex || value === null) return this.#node(value, false);
    if (!Array.isArray(value))
      return this.#scalar(value, isNumeric(datatype) && datatype.startsWith("float"));
    const node = new YAMLSeq();
    node.flow = true;
    node.items = value.map((item, i) => {
      if (depth > 0 || !isStructured(datatype)) return this.#inline(item, depth - 1, datatype);
      return this.#inline(item, datatype[i].shape?.length ?? 0, datatype[i].datatype);
    });
    return node;
  }

  #error(text: string): UserError {
    return new UserError(`${this.name}: ${this.#path.join(".") || "tree"}: ${text}`);
  }
}

function mapNode(entries: Record<string, Node>): YAMLMap {
  const node = new YAMLMap();
  for (const [key, value] of Object.entries(entries)) node.items.push(new Pair(plainScalar(key), value));
  return node;
}

function tag<T extends Node>(node: T, name: string): T {
  node.tag = name;
  return node;
}

/** A string: bare where no YAML reader can take it for anything else, else quoted. */
function plainScalar(text: string, bare = PLAIN): Scalar {
  const node = new Scalar(text);
  if (bare.test(text) && !/^[yYnN]$/.test(text)) node.type = "PLAIN";
  else node.type = PRINTABLE.test(text) ? "QUOTE_SINGLE" : "QUOTE_DOUBLE";
  return node;
}

function formatComplex({ re, im }: Complex): string {
  const part = (value: number): string => {
    const text = Number.isNaN(value) ? "nan" : String(value).replace("Infinity", "inf");
    return Object.is(value, -0) ? "-0" : text;
  };
  const imaginary = part(im);
  return `${part(re)}${imaginary.startsWith("-") ? "" : "+"}${imaginary}j`;
}
