import { isAlias, isScalar, isSeq, parseDocument } from "yaml";
import type { Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { UserError } from "../errors.js";
import { arrayFromNode, integerFromNode, type ArrayContext } from "./array-node.js";
import { NdArray } from "./ndarray.js";
import { ASDF_TAG, Complex, TaggedScalar, YAML_TAG, isMap, notesOf, setKey, takeNotes } from "./types.js";
import type { AsdfMap, AsdfValue, PlainScalar } from "./types.js";
import { MERGE, YAML_OPTIONS } from "./yaml-schema.js";

const CORE = `${ASDF_TAG}core/`;
const COMPLEX =
  /^\(?([-+]?(?:inf(?:inity)?|nan|\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?)(?![\dij.]))?(?:([-+]?(?:inf(?:inity)?|nan|\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?)?)[ij])?\)?$/i;

/** Stands where a `!core/integer` is until its words have been read. */
class PendingInteger {
  constructor(readonly value: Promise<bigint>) {}
}

/**
 * Builds the tree of a YAML document: plain objects and lists with their tags beside them, arrays that know where their
 * bytes are. Nodes that are aliased are one object.
 * @throws UserError naming the file and the place in its tree
 */
export async function readTree(yaml: string, context: ArrayContext): Promise<AsdfMap> {
  if (yaml === "") return {};
  const document = parseDocument(yaml, YAML_OPTIONS as typeof YAML_OPTIONS & { customTags: never });
  const [error] = document.errors;
  if (error) {
    const { name } = context;
    throw new UserError(
      `${name}: the YAML tree is damaged: ${error.message.split("\n")[0].replace(/:$/, "")}`,
    );
  }
  const builder = new TreeBuilder(context);
  const tree = document.contents ? builder.build(document.contents as Node) : {};
  await builder.settle();
  if (!isMap(tree)) throw new UserError(`${context.name}: the top of the tree is not a mapping`);
  return tree;
}

class TreeBuilder {
  readonly #anchors = new Map<string, AsdfValue>();
  readonly #path: string[] = [];
  readonly #later: (() => Promise<void>)[] = [];

  constructor(private readonly context: ArrayContext) {}

  build(node: Node | null): AsdfValue {
    if (node === null) return null;
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) throw this.#error(`alias *${node.source} has no anchor`);
      return target;
    }
    const value = this.#create(node);
    if (hasAnchor(node)) this.#anchors.set(node.anchor, value);
    return value;
  }

  /** Reads what needs the blocks: big integers, lengths of streamed arrays. */
  async settle(): Promise<void> {
    for (const job of this.#later) await job();
  }

  #create(node: Node): AsdfValue {
    const tag = node.tag === "!" || node.tag?.startsWith(YAML_TAG + "str") ? undefined : node.tag;
    if (isScalar(node)) return this.#scalar(node, tag);
    if (tag?.startsWith(`${CORE}ndarray-`)) return this.#array(node);
    if (tag?.startsWith(`${CORE}integer-`)) return this.#integer(node);
    const value = this.#collection(node);
    if (tag && tag !== `${YAML_TAG}map` && tag !== `${YAML_TAG}seq`) takeNotes(value).tag = tag;
    return value;
  }

  #scalar({ value, source }: Scalar, tag: string | undefined): AsdfValue {
    if (value instanceof TaggedScalar) return value as TaggedScalar;
    if (tag?.startsWith(`${CORE}complex-`)) return this.#complex(String(source ?? value));
    // `!!float 5` is asked for, though 5 alone is no float.
    if (tag === `${YAML_TAG}float` && typeof value !== "number") return Number(value);
    const plain = typeof value === "bigint" ? narrow(value) : (value as PlainScalar);
    const known = tag === undefined || /^tag:yaml\.org,2002:(?:int|float|bool|null)$/.test(tag);
    return known ? plain : new TaggedScalar(tag, plain);
  }

  #complex(text: string): Complex {
    const parts = COMPLEX.exec(text.trim());
    if (!parts || (parts[1] === undefined && parts[2] === undefined))
      throw this.#error(`"${text}" is no complex number`);
    return new Complex(complexPart(parts[1] ?? "0"), complexPart(parts[2] ?? "0"));
  }

  #collection(node: Node): AsdfMap | AsdfValue[] {
    const container: AsdfMap | AsdfValue[] = isSeq(node) ? [] : {};
    if (hasAnchor(node)) this.#anchors.set(node.anchor, container);
    if (isSeq(node)) this.#fillList(node, container as AsdfValue[]);
    else this.#fillMap(node as YAMLMap, container as AsdfMap);
    return container;
  }

  #fillList(node: YAMLSeq, list: AsdfValue[]): void {
    node.items.forEach((item, i) => {
      this.#path.push(String(i));
      const child = item as Node | null;
      const value = this.build(child);
      list.push(value);
      this.#note(list, String(i), child, value);
      this.#path.pop();
    });
  }

  #fillMap(node: YAMLMap, map: AsdfMap): void {
    const merges: AsdfValue[] = [];
    for (const { key, value } of node.items as Pair<Node | null, Node | null>[]) {
      const name = this.#key(key, map);
      this.#path.push(name ?? "<<");
      const child = this.build(value);
      if (name === undefined) merges.push(child);
      else {
        setKey(map, name, child);
        this.#note(map, name, value, child);
      }
      this.#path.pop();
    }
    for (const other of merges.flat(1)) {
      if (!isMap(other)) throw this.#error("<<: expects a mapping");
      for (const [name, child] of Object.entries(other))
        if (!Object.hasOwn(map, name)) setKey(map, name, child);
    }
  }

  /** Name of a key; undefined for a merge. Keys that are no strings are noted. */
  #key(node: Node | null, map: AsdfMap): string | undefined {
    const key = isAlias(node) ? this.build(node) : isScalar(node) ? node.value : node;
    if (key === MERGE) return undefined;
    if (typeof key === "string") {
      if (notesOf(map)?.keys?.has(key)) throw this.#error(`keys ${key} and "${key}" in one mapping`);
      return key;
    }
    const name = key instanceof TaggedScalar ? String(key.value) : String(key);
    if (typeof key === "bigint" || typeof key === "boolean" || typeof key === "number") {
      if (Object.hasOwn(map, name)) throw this.#error(`keys ${name} and "${name}" in one mapping`);
      const notes = takeNotes(map);
      (notes.keys ??= new Map<string, number | bigint | boolean>()).set(name, key);
      return name;
    }
    if (key === null || key instanceof TaggedScalar) return name;
    throw this.#error("a mapping's key must be a string, an integer or a boolean");
  }

  #note(container: AsdfMap | AsdfValue[], key: string, node: Node | null, value: AsdfValue): void {
    if (typeof value === "number") {
      // Integers leave the parser as bigint.
      if (!Number.isInteger(value) || !isScalar(node) || typeof node.value !== "number") return;
      const notes = takeNotes(container);
      (notes.floats ??= new Set()).add(key);
    } else if ((value as unknown) instanceof PendingInteger) {
      const pending = value as unknown as PendingInteger;
      this.#later.push(async () => {
        const integer = await pending.value;
        if (Array.isArray(container)) container[Number(key)] = integer;
        else setKey(container, key, integer);
      });
    }
  }

  #array(node: Node): NdArray {
    const where = this.#where();
    const array = arrayFromNode(this.#collection(node), this.context, where);
    if (array.shape.includes(-1)) this.#later.push(() => array.settleStream());
    return array;
  }

  #integer(node: Node): AsdfValue {
    const value = integerFromNode(this.#collection(node), this.#where());
    value.catch(() => undefined);
    return new PendingInteger(value) as unknown as AsdfValue;
  }

  #where(): string {
    return `${this.context.name}: ${this.#path.join(".") || "tree"}`;
  }

  #error(text: string): UserError {
    return new UserError(`${this.#where()}: ${text}`);
  }
}

function hasAnchor(node: Node): node is Node & { anchor: string } {
  return !isAlias(node) && "anchor" in node && typeof node.anchor === "string" && node.anchor !== "";
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function complexPart(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[-+]/, "").toLowerCase();
  if (digits.startsWith("inf")) return sign * Infinity;
  return digits === "" ? sign : sign * Number(digits);
}
