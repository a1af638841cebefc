import { type AsdfMap, type AsdfValue, isMap, tagOf, TaggedScalar } from "../asdf/types.js";
import { NdArray } from "../asdf/ndarray.js";
import { UserError } from "../errors.js";

/** Numbers of an array, row-major, as the WCS needs them. */
export interface Numbers {
  values: Float64Array;
  shape: readonly number[];
}

/** The arrays of a tree, read: coefficients may lie in blocks of the file, which are read when asked for. */
export type ArrayValues = ReadonlyMap<NdArray, Numbers>;

export async function readArrays(root: AsdfValue): Promise<ArrayValues> {
  const found = new Map<NdArray, Numbers>();
  const seen = new Set<object>();
  const visit = async (node: AsdfValue): Promise<void> => {
    if (typeof node !== "object" || node === null || seen.has(node)) return;
    seen.add(node);
    if (node instanceof NdArray) {
      found.set(node, { values: await node.readNumbers(), shape: node.shape });
    } else if (Array.isArray(node)) for (const item of node) await visit(item);
    else if (isMap(node)) for (const item of Object.values(node)) await visit(item);
  };
  await visit(root);
  return found;
}

/** A tag's name without authority and version: `tag:stsci.edu:asdf/transform/shift-1.4.0` -> `shift`; "" for no tag. */
export function tagName(node: AsdfValue | undefined): string {
  const tag = tagOf(node) ?? "";
  return tag.slice(Math.max(tag.lastIndexOf("/"), tag.lastIndexOf(":")) + 1).replace(/-\d+(\.\d+)*$/, "");
}

/** Reads typed values out of one node, with messages that say where. */
export class NodeReader {
  constructor(
    readonly node: AsdfMap,
    readonly where: string,
    private readonly arrays: ArrayValues,
  ) {}

  static of(node: AsdfValue | undefined, where: string, arrays: ArrayValues): NodeReader {
    if (!isMap(node)) throw new UserError(`${where}: expected a mapping, found ${describe(node)}`);
    return new NodeReader(node, where, arrays);
  }

  child(key: string): NodeReader {
    return NodeReader.of(this.node[key], `${this.where}.${key}`, this.arrays);
  }

  has(key: string): boolean {
    return this.node[key] !== undefined && this.node[key] !== null;
  }

  number(key: string): number {
    const value = scalar(this.node[key]);
    if (value === undefined) throw this.wrong(key, "a number");
    return value;
  }

  string(key: string): string {
    const value = this.node[key];
    if (typeof value !== "string") throw this.wrong(key, "a string");
    return value;
  }

  list(key: string): AsdfValue[] {
    const value = this.node[key];
    if (!Array.isArray(value)) throw this.wrong(key, "a sequence");
    return value;
  }

  /** An array or nested sequence of numbers; `shape` (null: any extent), if given, must match. */
  numbers(key: string, shape?: readonly (number | null)[]): Numbers {
    const value = this.node[key];
    const got = value instanceof NdArray ? this.arrays.get(value) : nested(value);
    const fits =
      got &&
      (!shape ||
        (got.shape.length === shape.length && shape.every((s, i) => s === null || s === got.shape[i])));
    if (!got || !fits)
      throw this.wrong(
        key,
        `numbers${shape ? ` of shape [${shape.map((s) => s ?? "any").join(", ")}]` : ""}`,
      );
    return got;
  }

  pair(key: string): [number, number] {
    const { values } = this.numbers(key, [2]);
    return [values[0], values[1]];
  }

  wrong(key: string, expected: string): UserError {
    return new UserError(`${this.where}.${key}: expected ${expected}, found ${describe(this.node[key])}`);
  }
}

/** A plain number, or one that the file marks as a float. */
export function scalar(value: AsdfValue | undefined): number | undefined {
  const plain = value instanceof TaggedScalar ? value.value : value;
  if (typeof plain === "bigint") return Number(plain);
  return typeof plain === "number" ? plain : undefined;
}

function nested(value: AsdfValue | undefined): Numbers | undefined {
  if (!Array.isArray(value)) {
    const one = scalar(value);
    return one === undefined ? undefined : { values: Float64Array.of(one), shape: [] };
  }
  const parts = value.map(nested);
  if (parts.some((part) => part === undefined || part.shape.join() !== parts[0]?.shape.join()))
    return undefined;
  const values = Float64Array.from(parts.flatMap((part) => (part ? [...part.values] : [])));
  return { values, shape: [parts.length, ...(parts[0]?.shape ?? [])] };
}

function describe(value: AsdfValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value instanceof NdArray) return `an array of shape [${value.shape.join(", ")}]`;
  const tag = tagOf(value);
  if (tag) return `a node tagged ${tag}`;
  return Array.isArray(value) ? `a sequence of ${value.length}` : typeof value;
}
