import { UserError } from "../errors.js";
import type { Compression } from "./compression.js";
import type { Nested } from "./decode.js";
import { FileBlock } from "./fileblock.js";
import { NdArray } from "./ndarray.js";
import { arraysIn } from "./open.js";
import { MemoryStore, type ByteStore } from "./store.js";
import type { AsdfMap } from "./types.js";

/** A block to be written. */
export interface PlannedBlock {
  readonly store: ByteStore;
  readonly compression: Compression;
  readonly streamed: boolean;
}

/** Where every array of a tree goes. */
export interface Plan {
  /** Blocks of the file, in order. */
  readonly blocks: PlannedBlock[];
  /** Blocks that become files beside it, by their name. */
  readonly files: Map<string, PlannedBlock>;
  /** `source` of each array that has one. */
  readonly sources: Map<NdArray, number | string>;
  /** Values of inline arrays. */
  readonly inline: Map<NdArray, Nested>;
}

/**
 * @param stem file name without extension for arrays stored outside; undefined if that is not possible
 * @throws UserError if the arrays ask for what cannot be
 */
export async function planBlocks(
  tree: AsdfMap,
  compression: Compression | "input",
  stem: string | undefined,
  name: string,
): Promise<Plan> {
  const planner = new Planner(compression, stem, name);
  for (const [path, array] of arraysIn(tree)) await planner.add(array, path);
  return planner.finish();
}

class Planner {
  readonly #plan: Plan = { blocks: [], files: new Map(), sources: new Map(), inline: new Map() };
  readonly #byStore = new Map<unknown, number | string>();
  readonly #byMemory = new Map<ArrayBufferLike, MemoryStore[]>();
  #streamed: { array: NdArray; path: string } | undefined;

  constructor(
    private readonly compression: Compression | "input",
    private readonly stem: string | undefined,
    private readonly name: string,
  ) {}

  async add(array: NdArray, path: string): Promise<void> {
    // Nulls stand for a mask's array; a value that marks what is missing stays.
    const masked = array.mask instanceof NdArray;
    const list = array.storage === "inline" ? await array.toList({ masked }) : undefined;
    // The tree's integers have 64 bits with sign; larger ones need a block.
    if (list !== undefined && !exceedsInt64(list)) this.#plan.inline.set(array, list);
    else if (array.storage === "streamed") this.#stream(array, path);
    else await this.#store(array, path);
  }

  finish(): Plan {
    if (this.#streamed) {
      const { array } = this.#streamed;
      this.#plan.sources.set(array, this.#plan.blocks.length);
      this.#plan.blocks.push({ store: array.store, compression: "none", streamed: true });
    }
    return this.#plan;
  }

  #stream(array: NdArray, path: string): void {
    if (this.#streamed) {
      throw new UserError(
        `${this.name}: ${this.#streamed.path} and ${path} are both streamed, only one array can be`,
      );
    }
    if (array.shape.length === 0)
      throw new UserError(`${this.name}: ${path}: a streamed array needs a dimension`);
    this.#streamed = { array, path };
  }

  async #store(array: NdArray, path: string): Promise<void> {
    const store = this.#canonical(array.store);
    let source = this.#byStore.get(store);
    if (source === undefined) {
      const block = { store, compression: await this.#compressionFor(array, path), streamed: false };
      source = array.storage === "external" ? this.#file(block, path) : this.#plan.blocks.push(block) - 1;
      this.#byStore.set(store, source);
    }
    this.#plan.sources.set(array, source);
  }

  /** Stores over the very same memory count as one. */
  #canonical(store: ByteStore): ByteStore {
    if (!(store instanceof MemoryStore)) return store;
    const { buffer, byteOffset, byteLength } = store.bytes;
    const known = this.#byMemory.get(buffer) ?? [];
    const same = known.find(
      ({ bytes }) => bytes.byteOffset === byteOffset && bytes.byteLength === byteLength,
    );
    if (!same) this.#byMemory.set(buffer, [...known, store]);
    return same ?? store;
  }

  async #compressionFor(array: NdArray, path: string): Promise<Compression> {
    const { store } = array;
    const wanted = array.compression ?? this.compression;
    const input = store instanceof FileBlock ? await store.compression() : "none";
    if (wanted === "bzp2" && input !== "bzp2") {
      throw new UserError(`${this.name}: ${path}: bzp2 is read but not written, take zlib, lz4 or zstd`);
    }
    return wanted === "input" ? input : wanted;
  }

  #file(block: PlannedBlock, path: string): string {
    if (this.stem === undefined) {
      throw new UserError(
        `${this.name}: ${path}: an external array can only be written with a file, not to memory`,
      );
    }
    const file = `${this.stem}${String(this.#plan.files.size).padStart(4, "0")}.asdf`;
    this.#plan.files.set(file, block);
    return encodeURIComponent(file);
  }
}

function exceedsInt64(list: Nested): boolean {
  return Array.isArray(list)
    ? list.some(exceedsInt64)
    : typeof list === "bigint" && BigInt.asIntN(64, list) !== list;
}
