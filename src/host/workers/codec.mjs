// A worker thread of pool.ts. Plain JavaScript: it runs as it is, from src and from dist.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { parentPort } from "node:worker_threads";
import { compressSync } from "lz4-napi";
import { decodeLz4 } from "./lz4.mjs";

let scratch = Buffer.alloc(0);
/** md5 of the frames of the block that is being decoded */
let hash = createHash("md5");
/** md5 of the frames so far of each block that is being encoded, by its key */
const hashes = new Map();
/**
 * The block that is being decoded: `at` is where its next frame begins, `done` the decoded bytes of those before; wanted are the decoded
 * bytes `from` to `to`.
 */
let block = { fd: -1, at: 0, end: 0, done: 0, from: 0, to: 0, checksum: false };

/** Fills `bytes` from the file's byte `at` on. */
function fill(fd, bytes, at) {
  for (let done = 0; done < bytes.length;) {
    const count = readSync(fd, bytes, done, bytes.length - done, at + done);
    if (count === 0) throw new Error("the file ends");
    done += count;
  }
}

/** The next frames are those of the file `fd` between bytes `start` and `start + used` that hold the decoded bytes `from` to `to`. */
function open({ fd, start, used, from, to, checksum }) {
  block = { fd, at: start, end: start + used, done: 0, from, to, checksum };
  hash = createHash("md5");
  return [{}, []];
}

/**
 * Reads and decodes the next frame that is wanted into `out`, or into new memory where that is too small; `size` is 0 after the last,
 * with the md5 of all the block's frames where asked for.
 */
function next({ out, most }) {
  const begin = performance.now();
  for (;;) {
    const { at, end, done, from, to, checksum } = block;
    if (at === end || (done >= to && !checksum))
      return [{ out, first: done, size: 0, took: 0, digest: takeDigest() }, out ? [out] : []];
    const { length, size } = headOf(block, most);
    block.at += 4 + length;
    block.done += size;
    const wanted = done < to && done + size > from;
    if (!wanted && !checksum) continue;
    if (scratch.length < length + 4) scratch = Buffer.alloc(length + 4);
    const frame = scratch.subarray(0, length + 4);
    fill(block.fd, frame, at);
    if (checksum) hash.update(frame);
    if (!wanted) continue;
    const room = out && out.byteLength >= size ? out : new ArrayBuffer(size);
    const decoded = decodeLz4(frame.subarray(8), new Uint8Array(room, 0, size));
    if (decoded !== size) throw new Error(`a frame holds ${decoded} bytes`);
    return [{ out: room, first: done, size, took: performance.now() - begin }, [room]];
  }
}

/** Bytes of the next frame after its length, and what it decodes to. */
function headOf({ fd, at, end }, most) {
  if (scratch.length < 8) scratch = Buffer.alloc(8);
  fill(fd, scratch.subarray(0, 8), at);
  const length = scratch.readUInt32BE();
  const size = scratch.readUInt32LE(4);
  if (length < 4 || at + 4 + length > end) throw new Error("a frame runs past the block's end");
  if (size === 0 || size > most) throw new Error(`a frame of ${size} bytes`);
  return { length, size };
}

/** Puts the frame of `bytes`, its length before it, into `out`, both in shared memory; with a `key` it counts in that block's md5. */
function encode({ bytes, out, key }) {
  const encoded = compressSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  const frame = Buffer.from(out.buffer, out.byteOffset, encoded.length + 4);
  frame.writeUInt32BE(encoded.length);
  frame.set(encoded, 4);
  if (key !== undefined) {
    if (!hashes.has(key)) hashes.set(key, createHash("md5"));
    hashes.get(key).update(frame);
  }
  return [{ length: frame.length }, []];
}

function takeDigest() {
  const digest = hash.digest();
  hash = createHash("md5");
  return digest;
}

/** The md5 of a block's frames; it is forgotten then. */
function finish({ key }) {
  const digest = hashes.get(key)?.digest();
  hashes.delete(key);
  return [{ digest }, []];
}

const work = { open, next, encode, finish };

parentPort.on("message", ({ id, kind, task }) => {
  try {
    const [result, transfer] = work[kind](task);
    parentPort.postMessage({ id, result }, transfer);
  } catch (error) {
    hash = createHash("md5");
    parentPort.postMessage({ id, failed: String(error) });
  }
});
