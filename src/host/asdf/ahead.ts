import { type Lane, workers } from "../workers/pool.js";
import { timed } from "./activity.js";
import { nextKey, type PieceMemory, pieceMemory } from "./frame_encoder.js";
import type { PlannedBlock } from "./plan.js";
import { MemoryStore } from "./store.js";

const PIECE = 1 << 22;
/** Smaller blocks are not worth a message to a worker. */
const LEAST = 1 << 20;
/** Pieces under way to a worker: one that it works at and one that waits. */
const IN_FLIGHT = 2;
/** Bytes of frames that a block may have ready before it is its turn to be written. */
const MOST_READY = 1 << 24;

/** A block's stored bytes, lz4 frames with their lengths, as a worker makes them. */
export class EncodedBlock {
  readonly #ready: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #stopped = false;
  #failure: unknown;
  #digest: Uint8Array | undefined;
  /** Those who wait for a change. */
  readonly #waiting: (() => void)[] = [];

  constructor(bytes: Uint8Array) {
    void timed("encode", bytes.length, () => workers.with((lane) => this.#encode(lane, bytes)))
      .catch((error: unknown) => (this.#failure = error))
      .finally(() => {
        this.#ended = true;
        this.#wake();
      });
  }

  /** The frames in order; rejects where the worker fails. */
  async *frames(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const frame = this.#ready.shift();
      if (frame) {
        this.#bytes -= frame.length;
        this.#wake();
        yield frame;
      } else if (!this.#ended) await this.#changed();
      else if (this.#failure !== undefined) throw this.#failure;
      else return;
    }
  }

  /** The md5 of the frames, when the last was taken. */
  get digest(): Uint8Array {
    if (!this.#digest) throw new Error("frames are left");
    return this.#digest;
  }

  /** Nobody takes the frames any more: the worker is let go. */
  stop(): void {
    this.#stopped = true;
    this.#ready.length = 0;
    this.#wake();
  }

  async #encode(lane: Lane, bytes: Uint8Array): Promise<void> {
    const spare: PieceMemory[] = [];
    const key = nextKey();
    const inFlight: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += PIECE) {
      while (this.#bytes > MOST_READY && !this.#stopped) await this.#changed();
      if (this.#stopped) throw new Error("nobody wants the frames");
      if (inFlight.length === IN_FLIGHT) await inFlight.shift();
      const part = bytes.subarray(at, at + PIECE);
      const memory = spare.pop() ?? pieceMemory();
      memory.piece.set(part);
      const task = { bytes: memory.piece.subarray(0, part.length), out: memory.frame, key };
      const taken = lane.call("encode", task).then(({ length }) => {
        const frame = memory.frame.slice(0, length);
        spare.push(memory);
        this.#ready.push(frame);
        this.#bytes += frame.length;
        this.#wake();
      });
      taken.catch(() => undefined);
      inFlight.push(taken);
    }
    await Promise.all(inFlight);
    this.#digest = (await lane.call("finish", { key })).digest;
  }

  /** Until frames come, go, or there will be no more. */
  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/**
 * The blocks of a file, encoded by worker threads, as many at once as there are workers, while those before them are
 * written. What is in memory is a bounded part of a block for each worker.
 */
export class EncodedAhead {
  readonly #begun = new Map<PlannedBlock, EncodedBlock>();
  readonly #all: EncodedBlock[] = [];
  readonly #waiting: PlannedBlock[];

  constructor(blocks: readonly PlannedBlock[]) {
    this.#waiting = blocks.filter(
      ({ store, compression }) =>
        compression === "lz4" && store instanceof MemoryStore && store.bytes.length >= LEAST,
    );
    for (let k = 0; k < workers.size; k++) this.#begin();
  }

  /** Undefined for blocks that a worker does not encode. */
  take(block: PlannedBlock): EncodedBlock | undefined {
    while (!this.#begun.has(block) && this.#waiting.includes(block)) this.#begin();
    const encoded = this.#begun.get(block);
    if (this.#begun.delete(block)) this.#begin();
    return encoded;
  }

  #begin(): void {
    const block = this.#waiting.shift();
    if (!block) return;
    const encoded = new EncodedBlock((block.store as MemoryStore).bytes);
    this.#all.push(encoded);
    this.#begun.set(block, encoded);
  }

  /** To be called when no more blocks are taken, for whatever reason. */
  stop(): void {
    this.#waiting.length = 0;
    for (const encoded of this.#all) encoded.stop();
  }
}
