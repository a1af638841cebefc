import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.js";
import type { ArrayContext } from "./array-node.js";
import { BlockChain } from "./blocks.js";
import { itemSize } from "./datatype.js";
import { FileBlock } from "./fileblock.js";
import { readHead } from "./header.js";
import { NdArray } from "./ndarray.js";
import { openSource, type ByteSource } from "./source.js";
import type { ByteStore } from "./store.js";
import { readTree } from "./tree-read.js";
import { isMap, type AsdfMap, type AsdfValue } from "./types.js";

const PRELOAD = 16384;

export interface OpenOptions {
  /** Name for messages; default: the path. */
  readonly name?: string;
  /** Verify md5 checksums of blocks when they are read (default true). */
  readonly checksums?: boolean;
  /** Follow arrays that lie in other files, relative to this one (default false: reading them throws). */
  readonly external?: boolean;
  /** Load arrays of at most this many bytes at once, so that `values()` answers (default 16384; 0 for none). */
  readonly preload?: number;
}

/** An open file: its tree is in memory, its arrays are read when asked for. */
export interface AsdfFile {
  readonly name: string;
  readonly tree: AsdfMap;
  /** Version of the standard the file says it follows, e.g. "1.6.0". */
  readonly standard: string;
  /** Version of the file format, "1.0.0". */
  readonly format: string;
  readonly blocks: BlockChain;
  /** Lets go of the file; arrays that were not read can no longer be. */
  close(): Promise<void>;
}

/**
 * Opens an ASDF file. Reads its tree and small arrays alone.
 * @param from a path, the bytes of a file, or anything with random access
 * @throws UserError naming the file, if it cannot be read, is no ASDF file or is damaged
 */
export async function openAsdf(
  from: string | Uint8Array | ByteSource,
  options: OpenOptions = {},
): Promise<AsdfFile> {
  const name = options.name ?? (typeof from === "string" ? from : "ASDF data");
  const source = await openSource(from, name);
  try {
    const head = await readHead(source, name);
    const chain = new BlockChain(source, name, head.firstBlock);
    const context = new FileContext(chain, options, typeof from === "string" ? dirname(from) : undefined);
    const tree = await readTree(head.yaml, context);
    await loadArrays(tree, options.preload ?? PRELOAD, { ignoreErrors: true });
    const close = (): Promise<void> => context.close();
    return { name, tree, standard: head.standard, format: head.format, blocks: chain, close };
  } catch (error) {
    await source.close();
    throw error;
  }
}

class FileContext implements ArrayContext {
  readonly #blocks = new Map<number, FileBlock>();
  readonly #external = new Map<string, ExternalBlock>();

  constructor(
    private readonly chain: BlockChain,
    private readonly options: OpenOptions,
    private readonly folder: string | undefined,
  ) {}

  get name(): string {
    return this.chain.name;
  }

  block(index: number): ByteStore {
    let block = this.#blocks.get(index);
    if (!block)
      this.#blocks.set(index, (block = new FileBlock(this.chain, index, this.options.checksums ?? true)));
    return block;
  }

  external(uri: string, where: string): ByteStore {
    let block = this.#external.get(uri);
    if (!block) this.#external.set(uri, (block = new ExternalBlock(uri, where, this.folder, this.options)));
    return block;
  }

  async close(): Promise<void> {
    await this.chain.source.close();
    for (const block of this.#external.values()) await block.close();
  }
}

/** The first block of another file. Opened when its bytes are asked for, if that is allowed. */
class ExternalBlock implements ByteStore {
  readonly fresh = true;
  readonly where: string;
  #opened: Promise<{ source: ByteSource; block: FileBlock }> | undefined;

  constructor(
    readonly uri: string,
    private readonly node: string,
    private readonly folder: string | undefined,
    private readonly options: OpenOptions,
  ) {
    this.where = `the first block of ${uri}`;
  }

  async size(): Promise<number> {
    return (await this.#block()).size();
  }

  async read(start: number, length: number): Promise<Uint8Array> {
    return (await this.#block()).read(start, length);
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    yield* (await this.#block()).chunks();
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.source.close();
  }

  async #block(): Promise<FileBlock> {
    return (await (this.#opened ??= this.#open())).block;
  }

  async #open(): Promise<{ source: ByteSource; block: FileBlock }> {
    const path = this.#path();
    const source = await openSource(path, path);
    const head = await readHead(source, path);
    const block = new FileBlock(
      new BlockChain(source, path, head.firstBlock),
      0,
      this.options.checksums ?? true,
    );
    return { source, block };
  }

  #path(): string {
    if (!this.options.external) {
      throw new UserError(
        `${this.node}: the array lies in another file, ${this.uri}, which is not read unless the file is opened ` +
          `with external: true`,
      );
    }
    if (this.uri.startsWith("file:")) return fileURLToPath(this.uri);
    if (/^[a-z][a-z0-9+.-]+:/i.test(this.uri)) {
      throw new UserError(
        `${this.node}: cannot read ${this.uri}: only files are read, nothing from the network`,
      );
    }
    if (this.folder === undefined) {
      throw new UserError(
        `${this.node}: ${this.uri} is relative to the file, but that was opened from memory`,
      );
    }
    return resolve(this.folder, decodeURIComponent(this.uri.replace(/#.*$/, "")));
  }
}

/** Every array below a node, masks included, each once, with the path to it. */
export function* arraysIn(
  node: AsdfValue | undefined,
  path = "",
  seen = new Set<object>(),
): Generator<[string, NdArray]> {
  if (typeof node !== "object" || node === null || seen.has(node)) return;
  if (node instanceof NdArray) {
    seen.add(node);
    yield [path, node];
    yield* arraysIn(node.mask, `${path}.mask`, seen);
  } else if (Array.isArray(node) || isMap(node)) {
    seen.add(node);
    for (const [key, value] of Object.entries(node)) {
      yield* arraysIn(value as AsdfValue, path ? `${path}.${key}` : key, seen);
    }
  }
}

/**
 * Loads every array of at most `maxBytes` bytes below a node, so that `values()` and `numbers()` answer.
 * @param options.ignoreErrors leaves arrays that cannot be read for later
 */
export async function loadArrays(
  node: AsdfValue,
  maxBytes: number,
  { ignoreErrors = false } = {},
): Promise<void> {
  for (const [, array] of arraysIn(node)) {
    if (array.size * itemSize(array.datatype) > maxBytes || maxBytes === 0) continue;
    try {
      await array.load();
    } catch (error) {
      if (!ignoreErrors) throw error;
    }
  }
}
