import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.js";
import { timedSync } from "./activity.js";
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
  const { standard = "1.6.0", checksums = true } = options;
  const yaml = formatTree(tree, plan, coreTags(standard, name), name);
  await sink.write(Buffer.from(`#ASDF 1.0.0\n#ASDF_STANDARD ${standard}\n${yaml}`, "utf8"));
  const offsets: number[] = [];
  for (const block of plan.blocks) {
    offsets.push(sink.position);
    await writeBlock(sink, block, checksums, name);
  }
  const streamed = plan.blocks.at(-1)?.streamed;
  if (offsets.length > 0 && !streamed) await sink.write(Buffer.from(formatIndex(offsets), "utf8"));
}

/** The header goes first with its sizes open, as they are only known once the data has passed. */
async function writeBlock(sink: Sink, block: PlannedBlock, checksums: boolean, name: string): Promise<void> {
  const { store, streamed } = block;
  const offset = sink.position;
  const expected = await store.size();
  // Nothing is compressed to nothing: some decoders stumble over empty streams.
  const compression = expected === 0 ? "none" : block.compression;
  await sink.write(new Uint8Array(HEADER_BYTES));
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
  const used = sink.position - offset - HEADER_BYTES;
  const checksum = checksums && !streamed ? hash.digest() : NO_CHECKSUM;
  const sizes = streamed ? { allocated: 0, used: 0, size: 0 } : { allocated: used, used, size: expected };
  await sink.patch(offset, packHeader({ ...sizes, streamed, checksum, compression: labelOf(compression) }));
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
