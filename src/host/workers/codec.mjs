// A worker thread of pool.ts. Plain JavaScript: it runs as it is, from src and from dist.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { compressSync, uncompressSync } from "lz4-napi";

let scratch = Buffer.alloc(0);
/** md5 of the pieces of the block that is being encoded */
let hash = createHash("md5");

/** Fills `bytes` from the file's byte `at` on. */
function fill(fd, bytes, at) {
  for (let done = 0; done < bytes.length;) {
    const count = readSync(fd, bytes, done, bytes.length - done, at + done);
    if (count === 0) throw new Error("the file ends");
    done += count;
  }
}

/** A block of ASDF's lz4 frames, read and decoded into `out`; its md5 where asked for. */
function decode({ fd, start, used, size, checksum, out = new ArrayBuffer(size) }) {
  const md5 = checksum ? createHash("md5") : undefined;
  const target = new Uint8Array(out);
  const head = Buffer.alloc(4);
  let filled = 0;
  for (let at = 0; at < used;) {
    fill(fd, head, start + at);
    const length = head.readUInt32BE();
    if (at + 4 + length > used) throw new Error("a frame runs past the block's end");
    if (scratch.length < length) scratch = Buffer.alloc(length);
    const frame = scratch.subarray(0, length);
    fill(fd, frame, start + at + 4);
    md5?.update(head).update(frame);
    const piece = uncompressSync(frame);
    target.set(piece, filled);
    filled += piece.length;
    at += 4 + length;
  }
  if (filled !== size) throw new Error(`the frames hold ${filled} bytes`);
  return [{ out, digest: md5?.digest() }, [out]];
}

/** One frame of a block, the length before it; `piece` goes back to be filled again. */
function encode({ piece, length }) {
  const block = compressSync(Buffer.from(piece, 0, length));
  const frame = new Uint8Array(block.length + 4);
  new DataView(frame.buffer).setUint32(0, block.length);
  frame.set(block, 4);
  hash.update(frame);
  return [{ frame, piece }, [frame.buffer, piece]];
}

/** The md5 of the frames since the last call. */
function finish() {
  const digest = hash.digest();
  hash = createHash("md5");
  return [{ digest }, []];
}

const work = { decode, encode, finish };

parentPort.on("message", ({ id, kind, task }) => {
  try {
    const [result, transfer] = work[kind](task);
    parentPort.postMessage({ id, result }, transfer);
  } catch (error) {
    if (kind !== "decode") hash = createHash("md5");
    parentPort.postMessage({ id, failed: String(error) });
  }
});
