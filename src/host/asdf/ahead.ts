import { type Lane, workers } from "../workers/pool.js";
import { timed } from "./activity.js";
import type { PlannedBlock } from "./plan.js";
import { MemoryStore } from "./store.js";

/** A block's stored bytes, lz4 frames with their lengths, and their md5. */
export interface EncodedBlock {
  readonly frames: readonly Uint8Array[];
  readonly digest: Uint8Array;
}

const PIECE = 1 << 22;
/** Smaller blocks are not worth a message to a worker. */
const LEAST = 1 << 20;
/** Pieces under way to a worker: one that it works at and one that waits. */
const IN_FLIGHT = 2;

/**
 * The blocks of a file, encoded by worker threads, as many at once as there are workers, while those before them are
 * written. What is in memory is at most a block for each worker.
 */
export class EncodedAhead {
  readonly #jobs = new Map<PlannedBlock, Promise<EncodedBlock | undefined>>();
  readonly #waiting: PlannedBlock[];

  constructor(blocks: readonly PlannedBlock[]) {
    this.#waiting = blocks.filter(
      ({ store, compression }) =>
        compression === "lz4" && store instanceof MemoryStore && store.bytes.length >= LEAST,
    );
    for (let k = 0; k < workers.size; k++) this.#start();
  }

  /** Undefined for blocks that a worker does not encode, or failed to: do it in place. */
  async take(block: PlannedBlock): Promise<EncodedBlock | undefined> {
    while (!this.#jobs.has(block) && this.#waiting.includes(block)) this.#start();
    const encoded = await this.#jobs.get(block);
    if (this.#jobs.delete(block)) this.#start();
    return encoded;
  }

  #start(): void {
    const block = this.#waiting.shift();
    if (!block) return;
    const { bytes } = block.store as MemoryStore;
    const job = timed("encode", bytes.length, () => workers.with((lane) => encodeBlock(lane, bytes)));
    this.#jobs.set(
      block,
      job.catch(() => undefined),
    );
  }
}

async function encodeBlock(lane: Lane, bytes: Uint8Array): Promise<EncodedBlock> {
  const frames: Uint8Array[] = [];
  const spare: ArrayBuffer[] = [];
  const inFlight: Promise<void>[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    if (inFlight.length === IN_FLIGHT) await inFlight.shift();
    const part = bytes.subarray(at, at + PIECE);
    const buffer = spare.pop() ?? new ArrayBuffer(PIECE);
    new Uint8Array(buffer).set(part);
    const call = lane.call("encode", { piece: buffer, length: part.length }, [buffer]);
    inFlight.push(
      call.then(({ frame, piece }) => {
        frames.push(frame);
        spare.push(piece);
      }),
    );
  }
  await Promise.all(inFlight);
  return { frames, ...(await lane.call("finish", null)) };
}
