import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.js";
import { timedSync } from "./activity.js";
import { EncodedAhead, type EncodedBlock } from "./ahead.js";
import { HEADER_BYTES, formatIndex, packHeader } from "./blocks.js";
import { encode, labelOf, type Compression } from "./compression.js";
import { FileBlock } from "./fileblock.js";
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
  /**
   * The tree as it shall be in the end, known only while the arrays are being written: the same arrays, other metadata.
   * Where it rejects, nothing is written. Not with arrays stored in files beside.
   */
  readonly amended?: Promise<AsdfMap>;
  /** Name for messages of {@link toBytes}. */
  readonly name?: string;
}

const NO_CHECKSUM = new Uint8Array(16);
/** Room for a tree that is amended later. */
const GROWTH = 1 << 16;

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
  const head = headOf(tree, plan, options, name);
  await sink.write(head);
  if (options.amended) await sink.write(new Uint8Array(GROWTH));
  await writeBlocks(sink, plan, options, name);
  if (!options.amended) return;
  const amended = await options.amended;
  if (await amend(sink, head.length + GROWTH, amended, plan, options, name)) return;
  await sink.rewind();
  const anew = await planBlocks(amended, options.compression ?? "input", undefined, name);
  await writeFile(sink, amended, anew, { ...options, amended: undefined }, name);
}

function headOf(tree: AsdfMap, plan: Plan, { standard = "1.6.0" }: WriteOptions, name: string): Uint8Array {
  const yaml = formatTree(tree, plan, coreTags(standard, name), name);
  return Buffer.from(`#ASDF 1.0.0\n#ASDF_STANDARD ${standard}\n${yaml}`, "utf8");
}

async function writeBlocks(sink: Sink, plan: Plan, options: WriteOptions, name: string): Promise<void> {
  const offsets: number[] = [];
  const ahead = new EncodedAhead(plan.blocks);
  try {
    for (const block of plan.blocks) {
      offsets.push(sink.position);
      await writeBlock(sink, block, ahead, options.checksums ?? true, name);
    }
  } finally {
    ahead.stop();
  }
  const streamed = plan.blocks.at(-1)?.streamed;
  if (offsets.length > 0 && !streamed) await sink.write(Buffer.from(formatIndex(offsets), "utf8"));
}

/** Puts another tree before the blocks, zeros after it, as the standard has it; false if it has no room or other arrays. */
async function amend(
  sink: Sink,
  room: number,
  tree: AsdfMap,
  plan: Plan,
  options: WriteOptions,
  name: string,
): Promise<boolean> {
  const amended = await planBlocks(tree, options.compression ?? "input", undefined, name);
  const same = amended.blocks.every(({ store }, k) => store === plan.blocks[k]?.store);
  if (!same || amended.blocks.length !== plan.blocks.length) return false;
  const head = headOf(tree, amended, options, name);
  if (head.length > room) return false;
  const padded = new Uint8Array(room);
  padded.set(head);
  await sink.patch(0, padded);
  return true;
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
