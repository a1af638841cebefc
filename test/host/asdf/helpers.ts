import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NdArray, TaggedScalar, isMap, openAsdf, tagOf, toBytes } from "../../../src/host/asdf/index.js";
import type {
  AsdfFile,
  AsdfMap,
  AsdfValue,
  OpenOptions,
  WriteOptions,
} from "../../../src/host/asdf/index.js";

export const FIXTURES = new URL("../../../fixtures/", import.meta.url).pathname;

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "asdf-test-"));
}

/** Writes a tree to memory and reads it back. */
export async function roundTrip(
  tree: AsdfMap,
  write: WriteOptions = {},
  read: OpenOptions = {},
): Promise<AsdfFile> {
  return openAsdf(await toBytes(tree, write), read);
}

/** A tree as plain data: arrays with their values, tags as `[tag, node]`, aliases followed. */
export async function expand(node: AsdfValue): Promise<unknown> {
  if (node instanceof NdArray)
    return { shape: node.shape, datatype: kindOf(node.datatype), list: await node.toList() };
  if (node instanceof TaggedScalar) return [node.tag, node.value];
  if (!Array.isArray(node) && !isMap(node)) return node;
  const entries = await Promise.all(
    Object.entries(node).map(async ([key, value]) => [key, await expand(value as AsdfValue)] as const),
  );
  const plain = Array.isArray(node) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
  const tag = tagOf(node);
  return tag ? [tag, plain] : plain;
}

/** Byte order of fields is how a block is stored, no part of the value. */
function kindOf(datatype: unknown): unknown {
  return JSON.parse(
    JSON.stringify(datatype, (key, value: unknown) => (key === "byteorder" ? undefined : value)),
  );
}

/** The one line of the error that a promise is rejected with. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  return "no error";
}

/** Whether two arrays hold the same bytes; `toEqual` takes minutes for millions of elements. */
export function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return a.constructor === b.constructor && bytes(a).equals(bytes(b));
}
