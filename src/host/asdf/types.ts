import { UserError } from "../errors.js";
import type { NdArray } from "./ndarray.js";

/** A complex scalar (`!core/complex`). */
export class Complex {
  constructor(
    readonly re: number,
    readonly im: number,
  ) {}
}

/** A scalar whose YAML tag has no class of its own here: `!time/time-1.4.0 2027-06-01T00:00:00.000`. */
export class TaggedScalar<T extends PlainScalar = PlainScalar> {
  /** @param tag full tag, or one in the `!core/...` shorthand */
  constructor(
    tag: string,
    readonly value: T,
  ) {
    this.tag = fullTag(tag);
  }

  readonly tag: string;
}

export type PlainScalar = null | boolean | number | bigint | string;
export type AsdfScalar = PlainScalar | Complex | TaggedScalar;

/** A mapping of the tree. Its tag, if any, is kept beside it: see {@link tagOf}. */
export interface AsdfMap {
  [key: string]: AsdfValue;
}

/** Any node of a tree. Objects that occur twice are written once, with an anchor, and read back as one object. */
export type AsdfValue = AsdfScalar | NdArray | AsdfValue[] | AsdfMap;

export const YAML_TAG = "tag:yaml.org,2002:";
export const ASDF_TAG = "tag:stsci.edu:asdf/";
const FLOAT_TAG = `${YAML_TAG}float`;

/** `!core/x-1.0.0` is short for `tag:stsci.edu:asdf/core/x-1.0.0`, as in the header of an ASDF file. */
function fullTag(tag: string): string {
  if (tag.startsWith("!!")) return YAML_TAG + tag.slice(2);
  return tag.startsWith("!") ? ASDF_TAG + tag.slice(1) : tag;
}

/** What a plain object or array cannot say of itself: its tag, keys that are not strings, floats such as `3.0`. */
export interface NodeNotes {
  tag?: string;
  /** Keys that stand in the file as integer or boolean. */
  keys?: Map<string, number | bigint | boolean>;
  /** Keys or indices whose whole-numbered value is a float. */
  floats?: Set<string>;
}

const notesByNode = new WeakMap<object, NodeNotes>();

export function notesOf(node: object): NodeNotes | undefined {
  return notesByNode.get(node);
}

export function takeNotes(node: object): NodeNotes {
  let notes = notesByNode.get(node);
  if (!notes) notesByNode.set(node, (notes = {}));
  return notes;
}

/** The full YAML tag of a node (`asdf://...`, `tag:stsci.edu:asdf/...`), undefined if it has none. */
export function tagOf(node: AsdfValue | undefined): string | undefined {
  if (node instanceof TaggedScalar) return node.tag;
  return typeof node === "object" && node !== null ? notesByNode.get(node)?.tag : undefined;
}

/**
 * Gives a node a YAML tag. Mappings and sequences are tagged in place and returned; a scalar comes back as a
 * {@link TaggedScalar}. The tag may be in the `!core/...` shorthand.
 */
export function withTag<T extends AsdfMap | AsdfValue[]>(tag: string, node: T): T;
export function withTag<T extends PlainScalar>(tag: string, node: T): TaggedScalar<T>;
export function withTag(tag: string, node: AsdfMap | AsdfValue[] | PlainScalar): AsdfValue {
  if (typeof node !== "object" || node === null) return new TaggedScalar(tag, node);
  if (node instanceof TaggedScalar || node instanceof Complex) {
    throw new UserError(`ASDF tag ${tag}: a ${node.constructor.name} cannot be tagged again`);
  }
  takeNotes(node).tag = fullTag(tag);
  return node;
}

/** Makes the writer put down a whole number as a float: `3.0`, not `3`. Numbers with a fraction need no such help. */
export function float(value: number): TaggedScalar<number> {
  return new TaggedScalar(FLOAT_TAG, value);
}

export function isFloat(node: unknown): node is TaggedScalar<number> {
  return node instanceof TaggedScalar && node.tag === FLOAT_TAG;
}

export function isMap(node: AsdfValue | undefined): node is AsdfMap {
  if (typeof node !== "object" || node === null || Array.isArray(node)) return false;
  const proto: unknown = Object.getPrototypeOf(node);
  return proto === Object.prototype || proto === null;
}

/** Sets a key whatever its name, `__proto__` included. */
export function setKey(map: AsdfMap, key: string, value: AsdfValue): void {
  if (key === "__proto__") {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else map[key] = value;
}

/**
 * A deep copy of mappings and sequences that keeps tags, notes and the identity of shared nodes. Arrays and scalars
 * are immutable here and are not copied.
 */
export function copyTree<T extends AsdfValue>(node: T, seen?: Map<object, AsdfValue>): T;
export function copyTree(node: AsdfValue, seen = new Map<object, AsdfValue>()): AsdfValue {
  const list = Array.isArray(node);
  if (!list && !isMap(node)) return node;
  const known = seen.get(node);
  if (known !== undefined) return known;
  const copy: AsdfMap | AsdfValue[] = list ? [] : {};
  seen.set(node, copy);
  const notes = notesByNode.get(node);
  if (notes) {
    const { tag, keys, floats } = notes;
    notesByNode.set(copy, { tag, keys: keys && new Map(keys), floats: floats && new Set(floats) });
  }
  if (Array.isArray(copy)) for (const item of node as AsdfValue[]) copy.push(copyTree(item, seen));
  else for (const [key, value] of Object.entries(node)) setKey(copy, key, copyTree(value as AsdfValue, seen));
  return copy;
}
