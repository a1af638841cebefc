import { compressSync } from "lz4-napi";
import { type Lane, workers } from "../workers/pool.js";
import { timed } from "./activity.js";
import type { FrameFile } from "./frame_file.js";
import { type Frame, FrameStore } from "./frames.js";

const PIECE = 1 << 22;
/** A frame is no longer: lz4's bound, and the two lengths before it. */
const LONGEST = PIECE + Math.ceil(PIECE / 255) + 16 + 8;
/** Shorter pieces are not worth a message to a worker. */
const LEAST = 1 << 16;
/** Pieces under way: one that each worker works at, one that waits for it, one whose frame is being written. */
const MOST_PIECES = 2 * workers.size + 1;

/** Memory of a piece and of its frame, shared with the workers, so that nothing is lost where one ends. */
export interface PieceMemory {
  readonly piece: Uint8Array;
  readonly frame: Uint8Array;
}

export function pieceMemory(): PieceMemory {
  return {
    piece: new Uint8Array(new SharedArrayBuffer(PIECE)),
    frame: new Uint8Array(new SharedArrayBuffer(LONGEST)),
  };
}

/** Encodes the first `size` bytes of a piece here; the length of its frame. */
export function encodeHere({ piece, frame }: PieceMemory, size: number): number {
  const encoded = compressSync(Buffer.from(piece.buffer, piece.byteOffset, size));
  new DataView(frame.buffer, frame.byteOffset).setUint32(0, encoded.length);
  frame.set(encoded, 4);
  return encoded.length + 4;
}

const spare: PieceMemory[] = [];
const waiting: ((memory: PieceMemory) => void)[] = [];
let taken = 0;
let lastKey = 0;

/** A key by which a worker tells the md5 of one block's frames from others'. */
export function nextKey(): number {
  return lastKey++;
}

async function take(): Promise<PieceMemory> {
  if (taken === MOST_PIECES) return new Promise((resolve) => waiting.push(resolve));
  taken++;
  return spare.pop() ?? pieceMemory();
}

function giveBack(memory: PieceMemory): void {
  const next = waiting.shift();
  if (next) return next(memory);
  spare.push(memory);
  if (--taken === 0) spare.length = 0; // nobody encodes any more, for now
}

/** What an encoder is told. */
export interface FrameOptions {
  /** Where the frames go; without it they stay in memory. */
  readonly file?: FrameFile;
  /** The array's frames lie together in the file, in the order of the encoders; one waits for those before to end. */
  readonly together?: boolean;
  /** Make the md5 of the frames along the way. */
  readonly checksum?: boolean;
}

/** Makes a {@link FrameStore} of an array's bytes, which come piece by piece; workers encode while more come. */
export class FrameEncoder {
  readonly #frames: Frame[] = [];
  readonly #place: ReturnType<FrameFile["enter"]> | undefined;
  #lane: Lane | undefined;
  #key: number | undefined;
  #size = 0;
  #start: number | undefined;
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(private readonly options: FrameOptions = {}) {
    const { file, together, checksum } = options;
    this.#place = together ? file?.enter() : undefined;
    if (checksum) this.#key = nextKey();
  }

  /** The next bytes; a piece is used before the next is asked for. Throws what went wrong with those before. */
  async append(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    let memory: PieceMemory | undefined;
    let filled = 0;
    try {
      for await (const piece of pieces)
        for (let done = 0; done < piece.length;) {
          memory ??= await take();
          const part = piece.subarray(done, done + PIECE - filled);
          memory.piece.set(part, filled);
          filled += part.length;
          done += part.length;
          if (filled < PIECE) continue;
          this.#send(memory, filled);
          memory = undefined;
          filled = 0;
        }
      if (memory) this.#send(memory, filled);
      memory = undefined;
    } finally {
      if (memory) giveBack(memory);
    }
    this.#check();
  }

  /** No more bytes come: arrays after this one may have their place. */
  end(): void {
    this.#last = this.#last.finally(() => this.#place?.leave());
  }

  /** What was appended. Throws what went wrong. */
  async finish(): Promise<FrameStore> {
    this.end();
    await this.#last;
    this.#check();
    const { file } = this.options;
    return new FrameStore(this.#frames, await this.#digest(), file, this.#start);
  }

  /** In place of finish(): lets others go on where this array does not come to its end. */
  abandon(): void {
    this.#place?.leave();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #send(memory: PieceMemory, size: number): void {
    const length = this.#encode(memory, size);
    length.catch(() => undefined);
    const first = this.#size;
    this.#size += size;
    this.#last = this.#last
      .then(async () => {
        const bytes = memory.frame.subarray(0, await length);
        if (this.#failure !== undefined) return;
        this.#frames.push({ at: await this.#keep(bytes), length: bytes.length, first, size });
      })
      .catch((error: unknown) => void (this.#failure ??= error))
      .finally(() => giveBack(memory));
  }

  async #keep(frame: Uint8Array): Promise<Uint8Array | number> {
    const { file } = this.options;
    if (!file) return frame.slice();
    if (this.#place && this.#start === undefined) {
      await this.#place.ready;
      this.#start = file.beginBlock();
    }
    return file.append(frame);
  }

  /** In a worker, always the same, as it makes the md5; here where that fails. */
  async #encode(memory: PieceMemory, size: number): Promise<number> {
    if (size >= LEAST || this.#lane)
      try {
        const lane = (this.#lane ??= workers.share());
        const task = { bytes: memory.piece.subarray(0, size), out: memory.frame, key: this.#key };
        return (await timed("encode", size, () => lane.call("encode", task))).length;
      } catch {
        // here, then
      }
    this.#key = undefined;
    return encodeHere(memory, size);
  }

  /** Undefined where no worker has seen all frames, or nobody asked. */
  async #digest(): Promise<Uint8Array | undefined> {
    if (this.#key === undefined) return undefined;
    const finished = this.#lane?.call("finish", { key: this.#key }).catch(() => undefined);
    return (await finished)?.digest;
  }
}
