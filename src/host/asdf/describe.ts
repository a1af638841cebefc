import { describeDatatype, isNumeric } from "./datatype.js";
import { FileBlock } from "./fileblock.js";
import { NdArray } from "./ndarray.js";
import type { AsdfFile } from "./open.js";
import {
  ASDF_TAG,
  Complex,
  TaggedScalar,
  YAML_TAG,
  isMap,
  notesOf,
  tagOf,
  type AsdfMap,
  type AsdfValue,
} from "./types.js";

export interface DescribeOptions {
  /** Lines of the tree printed at most (default 200; Infinity for all). */
  readonly maxRows?: number;
  /** Columns a line may take (default 120). */
  readonly maxColumns?: number;
  /** Levels of nesting shown (default all). */
  readonly maxDepth?: number;
}

interface Line {
  text: string;
  array?: NdArray;
}

/**
 * The tree as text: one line a node, with tags, shapes, datatypes, and how blocks are stored. Reads block headers at
 * most, no pixels. What does not fit into `maxRows` is folded, the deepest levels first. Text out of the file is
 * quoted, so that it cannot steer a terminal.
 */
export async function describeTree(file: AsdfFile, options: DescribeOptions = {}): Promise<string> {
  const { maxRows = 200, maxColumns = 120, maxDepth = Infinity } = options;
  const root = tagOf(file.tree);
  const out = [`${file.name}: ASDF standard ${file.standard}`, `root${root ? ` <${shortTag(root)}>` : ""}`];
  const all = collect(file.tree, maxDepth);
  const lines = fold(file.tree, all, maxRows);
  for (const { text, array } of lines) {
    out.push(clip(array ? `${text} ${await storageOf(array)}`.trimEnd() : text, maxColumns));
  }
  if (lines.length < all.length) out.push(`(${all.length - lines.length} more lines are folded)`);
  return out.join("\n");
}

/** As many whole levels as fit; of the first level, as many lines. */
function fold(tree: AsdfMap, all: Line[], maxRows: number): Line[] {
  if (all.length <= maxRows) return all;
  let fits: Line[] | undefined;
  for (let depth = 1; ; depth++) {
    const lines = collect(tree, depth);
    if (lines.length > maxRows) return fits ?? lines.slice(0, maxRows);
    fits = lines;
  }
}

function collect(tree: AsdfMap, maxDepth: number): Line[] {
  const lines: Line[] = [];
  const seen = new Set<object>([tree]);
  const children = (node: AsdfMap | AsdfValue[], indent: string, depth: number): void => {
    const entries = Object.entries(node) as [string, AsdfValue][];
    entries.forEach(([key, value], i) => {
      const last = i === entries.length - 1;
      const name = Array.isArray(node) ? `[${key}]` : plainKey(key);
      const nested = (Array.isArray(value) && !isShortList(value)) || isMap(value);
      const repeated = nested && seen.has(value);
      const array = value instanceof NdArray ? value : undefined;
      const summary = repeated ? "(the same object as above)" : summarize(value, isFloatAt(node, key, value));
      const folded = nested && !repeated && depth >= maxDepth ? foldMark(value) : "";
      lines.push({
        text: `${indent}${last ? "└─" : "├─"}${[name, summary, folded].filter(Boolean).join(" ")}`,
        array,
      });
      if (!nested || repeated) return;
      seen.add(value);
      if (depth < maxDepth) children(value, `${indent}${last ? "  " : "│ "}`, depth + 1);
    });
  };
  children(tree, "", 1);
  return lines;
}

function foldMark(value: AsdfMap | AsdfValue[]): string {
  const count = Array.isArray(value) ? 0 : Object.keys(value).length;
  return count > 0 ? `(${count} key${count === 1 ? "" : "s"})` : "";
}

function isFloatAt(node: AsdfMap | AsdfValue[], key: string, value: AsdfValue): boolean {
  return Number.isInteger(value) && (notesOf(node)?.floats?.has(key) ?? false);
}

function summarize(value: AsdfValue, isFloat: boolean): string {
  if (isFloat) return `${String(value)}.0`;
  if (value instanceof NdArray) {
    const shape = value.shape.join(" × ");
    return `<ndarray> ${escapeControls(describeDatatype(value.datatype))} [${shape}]${value.mask === undefined ? "" : " masked"}`;
  }
  if (value instanceof Complex) return `${value.re}${value.im < 0 ? "" : "+"}${value.im}j`;
  if (value instanceof TaggedScalar) return `<${shortTag(value.tag)}> ${quote(value.value)}`;
  if (typeof value !== "object" || value === null) return quote(value);
  const tag = tagOf(value);
  const label = tag ? `<${shortTag(tag)}>` : "";
  if (!Array.isArray(value)) return label || (Object.keys(value).length === 0 ? "{}" : "");
  const text = isShortList(value)
    ? `[${value.map((v) => quote(v as string)).join(", ")}]`
    : `list of ${value.length}`;
  return `${label} ${text}`.trim();
}

function isShortList(list: AsdfValue[]): boolean {
  return list.length <= 8 && list.every((v) => typeof v !== "object" || v === null);
}

function quote(value: string | number | bigint | boolean | null): string {
  return typeof value === "string" ? escapeControls(JSON.stringify(value)) : String(value);
}

function plainKey(key: string): string {
  return /^[\w.$/ -]+$/.test(key) ? key : quote(key);
}

function escapeControls(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** `core/software-1.0.0` for tags of the standard, the full tag for others. */
function shortTag(tag: string): string {
  for (const prefix of [ASDF_TAG, YAML_TAG]) {
    if (tag.startsWith(prefix)) return escapeControls(tag.slice(prefix.length).replace(/^core\//, ""));
  }
  return escapeControls(tag);
}

/** Where an array lies and in how many bytes: `block 8, lz4, 66.8 MB as 40.7 MB`. */
async function storageOf(array: NdArray): Promise<string> {
  const { store, storage } = array;
  if (!(store instanceof FileBlock)) return storage === "inline" ? "inline" : `in ${store.where}`;
  try {
    const { index, used, size, streamed } = await store.header();
    const compression = await store.compression();
    const sizes = compression === "none" ? bytes(size) : `${compression}, ${bytes(size)} as ${bytes(used)}`;
    const view = array.nbytes === size && array.contiguous ? "" : "view on ";
    const order =
      isNumeric(array.datatype) && array.layout.byteorder === "big" && size > 1 ? ", big-endian" : "";
    return `${view}block ${index}, ${streamed ? "streamed, " : ""}${sizes}${order}`;
  } catch (error) {
    return `(${error instanceof Error ? error.message : String(error)})`;
  }
}

function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

function clip(line: string, columns: number): string {
  const letters = Array.from(line);
  return letters.length <= columns ? line : `${letters.slice(0, Math.max(1, columns - 1)).join("")}…`;
}
