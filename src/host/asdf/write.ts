import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.js";
import { timedSync } from "./activity.js";
import { EncodedAhead, type EncodedBlock } from "./ahead.js";
import { HEADER_BYTES, formatIndex, packHeader } from "./blocks.js";
import { encode, labelOf, type Compression } from "./compression.js";
import { FileBlock } from "./fileblock.js";
import type { FrameFile } from "./frame_file.js";
import { FrameStore } from "./frames.js";
import { placedFirst, type PlacedPlan } from "./placed.js";
import { planBlocks, type Plan, type PlannedBlock } from "./plan.js";
import { MemorySink, writeAtomically, type Sink } from "./sink.js";
import { coreTags, formatTree } from "./tree-write.js";
import type { AsdfMap } from "./types.js";

export interface WriteOptions {
  /** For arrays that do not say otherwise; default "input": as they were read, none for new ones. */
  readonly compression?: Compression | "input";
  /** Version of the standard to follow (default "1.6.0"). */
  readonly standard?: string;
  /** Write md5 checksums of blocks (default true). */
  readonly checksums?: boolean;
  /** A file that holds frames of the tree's arrays: it becomes the file where they lie as they have to, else they are copied. */
  readonly frames?: FrameFile;
  /** Name for messages of {@link toBytes}. */
  readonly name?: string;
}

const NO_CHECKSUM = new Uint8Array(16);

/**
 * Writes a file: beside its place first, then renamed, so that no half-written file is ever seen under its name. Arrays
 * pass block by block, in pieces of a few megabytes; a file may be written over while arrays of it are still lazy.
 * @throws UserError naming the file, for what cannot be written
 */
export async function writeAsdf(path: string, tree: AsdfMap, options: WriteOptions = {}): Promise<void> {
  const name = options.name ?? path;
  const plan = await planBlocks(
    tree,
    options.compression ?? "input",
    basename(path).replace(/\.asdf$/, ""),
    name,
  );
  for (const [file, block] of plan.files) {
    const alone: Plan = { blocks: [block], files: new Map(), sources: new Map(), inline: new Map() };
    await writeAtomically(join(dirname(path), file), (sink) => writeFile(sink, {}, alone, options, file));
  }
  const { frames } = options;
  const placed = frames?.canBecome(path) && plan.files.size === 0 ? placedFirst(plan, frames) : undefined;
  if (frames && placed && (await completeFrames(path, frames, tree, placed, options, name))) return;
  await writeAtomically(path, (sink) => writeFile(sink, tree, plan, options, name));
}

/** The bytes of an ASDF file. @throws UserError for what cannot be written */
export async function toBytes(tree: AsdfMap, options: WriteOptions = {}): Promise<Uint8Array> {
  const name = options.name ?? "ASDF data";
  const plan = await planBlocks(tree, options.compression ?? "input", undefined, name);
  const sink = new MemorySink();
  await writeFile(sink, tree, plan, options, name);
  return sink.finish();
}

async function writeFile(
  sink: Sink,
  tree: AsdfMap,
  plan: Plan,
  options: WriteOptions,
  name: string,
): Promise<void> {
  await sink.write(headOf(tree, plan, options, name));
  const offsets = await writeBlocks(sink, plan.blocks, options, name);
  await writeIndex(sink, plan, offsets);
}

/** Puts before the frames what belongs there, and after them the other blocks; false where the tree has no room. */
async function completeFrames(
  path: string,
  file: FrameFile,
  tree: AsdfMap,
  { plan, stores }: PlacedPlan,
  options: WriteOptions,
  name: string,
): Promise<boolean> {
  const head = headOf(tree, plan, options, name);
  if (head.length > file.room) return false;
  const padded = new Uint8Array(file.room); // zeros after the tree, as the standard has it
  padded.set(head);
  const last = stores[stores.length - 1];
  await file.become(path, last.start + last.used, async (sink) => {
    await sink.patch(0, padded);
    const offsets: number[] = [];
    for (const store of stores) {
      const { start, used } = store;
      const checksum = (options.checksums ?? true) ? store.digest : NO_CHECKSUM;
      const sizes = { allocated: used, used, size: await store.size() };
      offsets.push(start - HEADER_BYTES);
      const header = { ...sizes, streamed: false, checksum, compression: labelOf("lz4") };
      await sink.patch(start - HEADER_BYTES, packHeader(header));
    }
    offsets.push(...(await writeBlocks(sink, plan.blocks.slice(stores.length), options, name)));
    await writeIndex(sink, plan, offsets);
  });
  return true;
}

function headOf(tree: AsdfMap, plan: Plan, { standard = "1.6.0" }: WriteOptions, name: string): Uint8Array {
  const yaml = formatTree(tree, plan, coreTags(standard, name), name);
  return Buffer.from(`#ASDF 1.0.0\n#ASDF_STANDARD ${standard}\n${yaml}`, "utf8");
}

/** Where each block begins. */
async function writeBlocks(
  sink: Sink,
  blocks: readonly PlannedBlock[],
  options: WriteOptions,
  name: string,
): Promise<number[]> {
  const offsets: number[] = [];
  const ahead = new EncodedAhead(blocks);
  try {
    for (const block of blocks) {
      offsets.push(sink.position);
      await writeBlock(sink, block, ahead, options.checksums ?? true, name);
    }
  } finally {
    ahead.stop();
  }
  return offsets;
}

async function writeIndex(sink: Sink, { blocks }: Plan, offsets: readonly number[]): Promise<void> {
  const streamed = blocks.at(-1)?.streamed;
  if (offsets.length > 0 && !streamed) await sink.write(Buffer.from(formatIndex(offsets), "utf8"));
}

/** The header goes first with its sizes open, as they are only known once the data has passed. */
async function writeBlock(
  sink: Sink,
  block: PlannedBlock,
  ahead: EncodedAhead,
  checksums: boolean,
  name: string,
): Promise<void> {
  const { store, streamed } = block;
  const offset = sink.position;
  const expected = await store.size();
  // Nothing is compressed to nothing: some decoders stumble over empty streams.
  const compression = expected === 0 ? "none" : block.compression;
  await sink.write(new Uint8Array(HEADER_BYTES));
  const encoded = expected === 0 ? undefined : ahead.take(block);
  const digest =
    (encoded && (await writeFrames(sink, encoded))) ??
    (await writePieces(sink, block, compression, checksums, name));
  const used = sink.position - offset - HEADER_BYTES;
  const checksum = checksums && !streamed ? digest : NO_CHECKSUM;
  const sizes = streamed ? { allocated: 0, used: 0, size: 0 } : { allocated: used, used, size: expected };
  await sink.patch(offset, packHeader({ ...sizes, streamed, checksum, compression: labelOf(compression) }));
}

/** Writes what a worker encodes; its md5. Undefined, and nothing written, where the worker fails. */
async function writeFrames(sink: Sink, encoded: EncodedBlock): Promise<Uint8Array | undefined> {
  const start = sink.position;
  const frames = encoded.frames();
  for (;;) {
    const next = await frames.next().catch(() => undefined);
    if (!next) {
      await sink.rewind(start);
      return undefined;
    }
    if (next.done) return encoded.digest;
    await sink.write(next.value);
  }
}

/** Encodes and writes a block's data in this thread; its md5. */
async function writePieces(
  sink: Sink,
  { store }: PlannedBlock,
  compression: Compression,
  checksums: boolean,
  name: string,
): Promise<Uint8Array> {
  const expected = await store.size();
  if (store instanceof FrameStore && compression === "lz4") {
    for (const frame of store.frames()) await sink.write(frame);
    return store.digest;
  }
  const counted = { size: 0 };
  const passes = store instanceof FileBlock && (await store.compression()) === compression;
  const pieces = passes ? store.storedChunks() : encoded(compression, count(store.chunks(), counted), name);
  const hash = createHash("md5");
  for await (const piece of pieces) {
    if (checksums) timedSync("checksum", piece.length, () => hash.update(piece));
    await sink.write(piece);
  }
  if (!passes && counted.size !== expected) {
    throw new UserError(
      `${name}: an array's ${store.where} gave ${counted.size} bytes, expected ${expected}`,
    );
  }
  return hash.digest();
}

function encoded(
  compression: Compression,
  pieces: AsyncIterable<Uint8Array>,
  name: string,
): AsyncIterable<Uint8Array> {
  if (compression !== "bzp2") return encode(compression, pieces);
  throw new UserError(`${name}: bzp2 is read but not written, take zlib, lz4 or zstd`);
}

async function* count(pieces: AsyncIterable<Uint8Array>, sum: { size: number }): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    sum.size += piece.length;
    yield piece;
  }
}
