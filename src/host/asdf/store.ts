/** Where an array's bytes come from. Bytes are always the decoded ones. */
export interface ByteStore {
  /** Name for messages: `block 3`, `memory`. */
  readonly where: string;
  /** True if each read hands over bytes that nobody else holds. */
  readonly fresh: boolean;
  size(): Promise<number>;
  read(start: number, length: number): Promise<Uint8Array>;
  /** All bytes in order, in pieces of a few megabytes at most. */
  chunks(): AsyncIterable<Uint8Array>;
  /** `length` bytes (all that follow) from `start` on where each piece is used before the next is asked for: its memory may be written again then. */
  pieces?(start?: number, length?: number): AsyncIterable<Uint8Array>;
}

const PIECE = 1 << 22;

/** Bytes in memory; reads are views of them. */
export class MemoryStore implements ByteStore {
  readonly where = "memory";
  readonly fresh = false;

  constructor(readonly bytes: Uint8Array) {}

  size(): Promise<number> {
    return Promise.resolve(this.bytes.length);
  }

  read(start: number, length: number): Promise<Uint8Array> {
    return Promise.resolve(this.bytes.subarray(start, start + length));
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < this.bytes.length; i += PIECE) yield this.bytes.subarray(i, i + PIECE);
  }
}

/** Bytes that somebody makes piece by piece when they are wanted; `produce` is called anew for each pass. */
export class ProducerStore implements ByteStore {
  readonly where = "producer";
  readonly fresh = true;

  constructor(
    private readonly bytes: number,
    private readonly produce: () => AsyncIterable<Uint8Array>,
  ) {}

  size(): Promise<number> {
    return Promise.resolve(this.bytes);
  }

  async read(start: number, length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    let at = -start;
    for await (const piece of this.chunks()) {
      const from = Math.max(0, -at);
      const count = Math.min(piece.length, length - at) - from;
      if (count > 0) out.set(piece.subarray(from, from + count), at + from);
      at += piece.length;
      if (at >= length) break;
    }
    return out;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.produce()) {
      for (let i = 0; i < piece.length; i += PIECE) yield piece.subarray(i, i + PIECE);
    }
  }
}
