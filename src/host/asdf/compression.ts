import { Readable, pipeline } from "node:stream";
import { promisify } from "node:util";
import { createDeflate, inflate } from "node:zlib";
import { compressSync } from "lz4-napi";
import { UserError } from "../errors.js";
import { decodeLz4 } from "../workers/lz4.mjs";
import { timed, timedSync } from "./activity.js";

/** Block compressions: all are read; bzp2 is not written. */
export type Compression = "none" | "zlib" | "bzp2" | "lz4" | "zstd";

const LABELS: readonly string[] = ["none", "zlib", "bzp2", "lz4", "zstd"];
const LZ4_FRAME = 1 << 22;
const ZSTD_LEVEL = 3;

/** Bytes as they are stored, taken in order. */
export interface StoredBytes {
  readonly remaining: number;
  /** The next bytes, in memory of the caller's own. */
  next(length: number): Promise<Uint8Array>;
}

/** Damage that shows in decoding; turned into a UserError where the block's name is known. */
export class CorruptError extends Error {}

function isCompression(name: string): name is Compression {
  return LABELS.includes(name);
}

/** The four letters of a block header. */
export function labelOf(compression: Compression): string {
  return compression === "none" ? "" : compression;
}

/** The compression a header's four letters name. @throws UserError, beginning with `where`, if it is not known */
export function compressionOf(label: string, where: string): Compression {
  const name = label === "" ? "none" : label;
  if (isCompression(name)) return name;
  throw new UserError(
    `${where}: compression ${JSON.stringify(label)} is not supported, only ${LABELS.join(", ")}`,
  );
}

/** Decodes all of a block into one array of `size` bytes. @throws CorruptError */
export async function decode(
  compression: Compression,
  stored: StoredBytes,
  size: number,
): Promise<Uint8Array> {
  if (compression === "none") return stored.next(size);
  if (compression === "lz4") {
    const out = new Uint8Array(size);
    let at = 0;
    for await (const frame of lz4Frames(stored, size)) {
      out.set(frame, at);
      at += frame.length;
    }
    return out;
  }
  const bytes = await stored.next(stored.remaining);
  const decoder = { zlib: decodeZlib, zstd: decodeZstd, bzp2: decodeBzip2 }[compression];
  return timed("decode", bytes.length, () => decoder(bytes, size));
}

/** The decoded bytes of a block in pieces, where the compression allows it; else in one. @throws CorruptError */
export async function* decodePieces(
  compression: Compression,
  stored: StoredBytes,
  size: number,
): AsyncGenerator<Uint8Array> {
  if (compression === "lz4") yield* lz4Frames(stored, size);
  else if (compression !== "none") yield await decode(compression, stored, size);
  else while (stored.remaining > 0) yield await stored.next(Math.min(stored.remaining, LZ4_FRAME));
}

/**
 * ASDF's lz4: frames, each a big-endian length, then that many bytes: the decoded size, little-endian, and an lz4
 * block. While one is decoded the next is read.
 */
async function* lz4Frames(stored: StoredBytes, size: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  let length = stored.remaining > 0 ? bigEndian(await stored.next(Math.min(4, stored.remaining)), 0) : 0;
  let ahead = readFrame(stored, length);
  while (length > 0) {
    const piece = await ahead;
    const next = piece.length >= length + 4 ? bigEndian(piece, length) : 0;
    ahead = readFrame(stored, next);
    ahead.catch(() => undefined);
    const decoded = new DataView(piece.buffer, piece.byteOffset).getUint32(0, true);
    total += decoded;
    if (total > size) throw new CorruptError(`the lz4 frames hold more than ${size} bytes`);
    yield decodeFrame(piece.subarray(0, length), decoded);
    length = next;
  }
  if (total !== size) throw new CorruptError(`the lz4 frames hold ${total} bytes, expected ${size}`);
}

/** A frame and the length of the one after it, if there is one. */
async function readFrame(stored: StoredBytes, length: number): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  if (length < 4 || length > stored.remaining)
    throw new CorruptError("an lz4 frame runs past the block's end");
  return stored.next(stored.remaining - length < 4 ? stored.remaining : length + 4);
}

/** An lz4 frame after its length. @throws CorruptError */
export function decodeFrame(frame: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let decoded: number;
  try {
    decoded = timedSync("decode", frame.length, () => decodeLz4(frame.subarray(4), out));
  } catch (error) {
    throw new CorruptError(`lz4: ${(error as Error).message}`);
  }
  if (decoded !== size) throw new CorruptError(`an lz4 frame holds ${decoded} bytes, expected ${size}`);
  return out;
}

export function bigEndian(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new CorruptError("an lz4 frame's length is cut short");
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}

async function decodeZlib(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const options = { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(size, 64) };
  const out = await promisify<Uint8Array, typeof options, Uint8Array>(inflate)(bytes, options).catch(
    (error: unknown) => {
      throw new CorruptError(`zlib: ${(error as Error).message}`);
    },
  );
  return sized(out, size);
}

async function decodeZstd(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const zstd = await loadZstd();
  try {
    return sized(zstd.decompress(bytes, { defaultHeapSize: Math.max(size, 1) }), size);
  } catch (error) {
    throw error instanceof CorruptError ? error : new CorruptError(`zstd: ${String(error)}`);
  }
}

let zstdReady: Promise<typeof import("@bokuweb/zstd-wasm")> | undefined;

/** The WebAssembly module, made ready once. */
function loadZstd(): Promise<typeof import("@bokuweb/zstd-wasm")> {
  zstdReady ??= import("@bokuweb/zstd-wasm").then(async (zstd) => {
    await zstd.init();
    return zstd;
  });
  return zstdReady;
}

async function decodeBzip2(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const { default: bunzip } = await import("seek-bzip");
  try {
    return sized(bunzip.decode(bytes, new Uint8Array(size)), size);
  } catch (error) {
    throw error instanceof CorruptError ? error : new CorruptError(`bzip2: ${String(error)}`);
  }
}

function sized(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length === size) return bytes;
  throw new CorruptError(`the data decodes to ${bytes.length} bytes, expected ${size}`);
}

/** Encodes a block's bytes piece by piece. */
export function encode(
  compression: Exclude<Compression, "bzp2">,
  pieces: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (compression === "lz4") return encodeLz4(pieces);
  if (compression === "zlib") return encodeZlib(pieces);
  return compression === "zstd" ? encodeZstd(pieces) : pieces;
}

async function* encodeLz4(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of regroup(pieces, LZ4_FRAME)) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const block = timedSync("encode", bytes.length, () => compressSync(bytes));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, block.length);
    yield length;
    yield block;
  }
}

/** Pieces of exactly `length` bytes but for the last; a piece that has the length already is not copied. */
async function* regroup(pieces: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let part: Uint8Array = new Uint8Array(0);
  let filled = 0;
  for await (let piece of pieces) {
    while (piece.length > 0) {
      if (filled === 0 && piece.length >= length) {
        yield piece.subarray(0, length);
        piece = piece.subarray(length);
        continue;
      }
      if (filled === 0) part = new Uint8Array(length);
      const count = Math.min(length - filled, piece.length);
      part.set(piece.subarray(0, count), filled);
      filled += count;
      piece = piece.subarray(count);
      if (filled === length) {
        yield part;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

function encodeZlib(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const deflate = createDeflate();
  // An error of the pieces destroys `deflate` with it, and so comes out where that is read.
  pipeline(Readable.from(pieces, { objectMode: true }), deflate, () => undefined);
  return deflate as AsyncIterable<Uint8Array>;
}

async function* encodeZstd(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const zstd = await loadZstd();
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece.slice());
  yield zstd.compress(Buffer.concat(parts), ZSTD_LEVEL);
}
