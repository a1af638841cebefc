import { UserError } from "../errors.js";
import { type AsdfMap, type AsdfValue, TaggedScalar, copyTree, float, isMap } from "../asdf/index.js";
import { isFloat, notesOf } from "../asdf/types.js";
import { UtcTime } from "./time.js";

/** A value of the tree without its scalar's tag. */
function untag(value: AsdfValue | undefined): AsdfValue | undefined {
  return value instanceof TaggedScalar ? value.value : value;
}

/** The node at a dotted path below `root`; undefined where any part of the path is absent. */
export function nodeAt(root: AsdfMap, path: string): AsdfValue | undefined {
  let node: AsdfValue | undefined = root;
  for (const key of path.split(".")) {
    if (!isMap(node) || !Object.hasOwn(node, key)) return undefined;
    node = node[key];
  }
  return node;
}

/** Sets the node at a dotted path, making the mappings on the way. */
export function setNode(root: AsdfMap, path: string, value: AsdfValue): void {
  const keys = path.split(".");
  const last = keys.pop() as string;
  let node = root;
  for (const key of keys) {
    const next = node[key];
    if (isMap(next)) node = next;
    else node = node[key] = {};
  }
  node[last] = value;
}

/** A time of the tree: `!time/time` as a string or as `{base_format, value}`; undefined where it is none we read. */
export function timeOf(node: AsdfValue | undefined): UtcTime | undefined {
  const value = untag(isMap(node) ? node.value : node);
  return typeof value === "string" ? UtcTime.parse(value) : undefined;
}

/** Whether a number of a mapping or list is a float though it is whole, as `3.0`. */
export function isFloatAt(parent: AsdfMap | readonly AsdfValue[], key: string | number): boolean {
  const node = (parent as AsdfMap)[key];
  if (isFloat(node)) return true;
  const value = untag(node);
  if (typeof value !== "number") return false;
  return (
    !Number.isInteger(value) || Object.is(value, -0) || (notesOf(parent)?.floats?.has(String(key)) ?? false)
  );
}

/** A copy of the node under a key that stays a float where it is one, whatever mapping it is put into. */
export function takeNode(parent: AsdfMap, key: string): AsdfValue {
  const node = parent[key];
  return typeof node === "number" && isFloatAt(parent, key) ? float(node) : copyTree(node);
}

/**
 * Typed reading of a file's metadata. What is missing or of another type is told as a UserError that names the file and
 * the key.
 */
export class Metadata {
  /**
   * @param file for messages
   * @param root the mapping that paths start from
   * @param prefix of the paths in messages, e.g. "roman.meta"
   */
  constructor(
    readonly file: string,
    readonly root: AsdfMap,
    private readonly prefix: string,
  ) {}

  has(path: string): boolean {
    return nodeAt(this.root, path) !== undefined;
  }

  string(path: string): string {
    const value = untag(nodeAt(this.root, path));
    return typeof value === "string" ? value : this.fail(path, "a string", value);
  }

  number(path: string): number {
    const value = untag(nodeAt(this.root, path));
    if (typeof value === "bigint") return Number(value);
    return typeof value === "number" ? value : this.fail(path, "a number", value);
  }

  time(path: string): UtcTime {
    const node = nodeAt(this.root, path);
    return timeOf(node) ?? this.fail(path, "a time (ISO 8601)", node);
  }

  map(path: string): AsdfMap {
    const node = nodeAt(this.root, path);
    return isMap(node) ? node : this.fail(path, "a mapping", node);
  }

  /** As {@link string}, undefined where the key is absent or null. */
  optionalString(path: string): string | undefined {
    return this.isNone(path) ? undefined : this.string(path);
  }

  optionalNumber(path: string): number | undefined {
    return this.isNone(path) ? undefined : this.number(path);
  }

  optionalBoolean(path: string): boolean | undefined {
    if (this.isNone(path)) return undefined;
    const value = untag(nodeAt(this.root, path));
    return typeof value === "boolean" ? value : this.fail(path, "true or false", value);
  }

  private isNone(path: string): boolean {
    const node = nodeAt(this.root, path);
    return node === undefined || node === null;
  }

  private fail(path: string, expected: string, found: AsdfValue | undefined): never {
    const name = `${this.file}: ${this.prefix}.${path}`;
    if (found === undefined) throw new UserError(`${name} is missing; expected ${expected}`);
    const shown =
      typeof found === "object" && found !== null ? "another kind of node" : JSON.stringify(String(found));
    throw new UserError(`${name}: expected ${expected}, found ${shown}`);
  }
}
