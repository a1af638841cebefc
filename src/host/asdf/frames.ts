import { createHash } from "node:crypto";
import { decodeLz4 } from "../workers/lz4.mjs";
import { timedSync } from "./activity.js";
import type { FrameFile } from "./frame_file.js";
import type { ByteStore } from "./store.js";

/** A frame as ASDF stores it: four bytes of its length, four of the decoded size, an lz4 block. */
export interface Frame {
  /** Its bytes, or where they lie in a file. */
  readonly at: Uint8Array | number;
  /** Bytes, those of its length included. */
  readonly length: number;
  /** Which bytes of the block it decodes to. */
  readonly first: number;
  readonly size: number;
}

/** Bytes before the lz4 block. */
const HEAD = 8;

/**
 * An array's bytes kept as the lz4 frames that go to a file, in memory or in that file already: decoded are those that are asked for.
 * {@link FrameEncoder} makes it.
 */
export class FrameStore implements ByteStore {
  readonly where = "frames";
  readonly fresh = true;
  #digest: Uint8Array | undefined;
  /** The frame decoded last, as long as its memory is not wanted elsewhere. */
  #last: { readonly frame: Frame; readonly bytes: WeakRef<Uint8Array> } | undefined;
  #stored = new Uint8Array(0);

  /** @param start where in `file` the frames lie one after the other; undefined where they do not */
  constructor(
    private readonly all: readonly Frame[],
    digest: Uint8Array | undefined,
    readonly file: FrameFile | undefined,
    readonly start: number | undefined,
  ) {
    this.#digest = digest;
  }

  /** The bytes of several, one after the other. */
  static joined(stores: readonly FrameStore[]): FrameStore {
    if (stores.length === 1) return stores[0];
    let before = 0;
    const frames = stores.flatMap((store) => {
      const moved = store.all.map((frame) => ({ ...frame, first: before + frame.first }));
      before += store.#size;
      return moved;
    });
    return new FrameStore(frames, undefined, stores[0]?.file, undefined);
  }

  /** Bytes of all frames. */
  get used(): number {
    return this.all.reduce((sum, { length }) => sum + length, 0);
  }

  /** The md5 of all frames. */
  get digest(): Uint8Array {
    if (!this.#digest) {
      const hash = createHash("md5");
      for (const frame of this.frames()) timedSync("checksum", frame.length, () => hash.update(frame));
      this.#digest = hash.digest();
    }
    return this.#digest;
  }

  /** The frames in order; one is good until the next is asked for. */
  *frames(): Generator<Uint8Array> {
    for (const frame of this.all) yield this.#bytesOf(frame);
  }

  size(): Promise<number> {
    return Promise.resolve(this.#size);
  }

  read(start: number, length: number): Promise<Uint8Array> {
    return Promise.resolve(this.readSync(start, length));
  }

  /** @param out where they go */
  readSync(start: number, length: number, out = new Uint8Array(length)): Uint8Array {
    for (const frame of this.all) {
      const { first, size } = frame;
      const [from, to] = [Math.max(start, first), Math.min(start + length, first + size)];
      if (from >= to) continue;
      if (to - from === size) this.#decode(frame, out.subarray(from - start, to - start));
      else out.set(this.#kept(frame).subarray(from - first, to - first), from - start);
    }
    return out;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.pieces()) yield piece.slice();
  }

  async *pieces(start = 0, length = this.#size - start): AsyncGenerator<Uint8Array> {
    let out = new Uint8Array(0);
    for (const frame of this.all) {
      const { first, size } = frame;
      const [from, to] = [Math.max(start, first), Math.min(start + length, first + size)];
      if (from >= to) continue;
      if (out.length < size) out = new Uint8Array(size);
      this.#decode(frame, out);
      yield await Promise.resolve(out.subarray(from - first, to - first));
    }
  }

  get #size(): number {
    const last = this.all.at(-1);
    return last ? last.first + last.size : 0;
  }

  #kept(frame: Frame): Uint8Array {
    const held = this.#last?.bytes.deref();
    if (held && this.#last?.frame === frame) return held;
    // in the same memory again: what a WeakRef was made of stays until the caller awaits something
    const bytes = held && held.length >= frame.size ? held : new Uint8Array(frame.size);
    this.#decode(frame, bytes);
    this.#last = { frame, bytes: new WeakRef(bytes) };
    return bytes;
  }

  #decode(frame: Frame, out: Uint8Array): void {
    const block = this.#bytesOf(frame).subarray(HEAD);
    timedSync("decode", frame.length, () => decodeLz4(block, out));
  }

  #bytesOf({ at, length }: Frame): Uint8Array {
    if (typeof at !== "number") return at;
    if (this.#stored.length < length) this.#stored = new Uint8Array(length);
    const bytes = this.#stored.subarray(0, length);
    this.file!.read(at, bytes);
    return bytes;
  }
}
