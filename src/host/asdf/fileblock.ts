import { createHash, type Hash } from "node:crypto";
import { UserError } from "../errors.js";
import { type Lane, workers } from "../workers/pool.js";
import { tell, timedSync } from "./activity.js";
import type { BlockChain, BlockHeader } from "./blocks.js";
import {
  CorruptError,
  compressionOf,
  decode,
  decodePieces,
  type Compression,
  type StoredBytes,
} from "./compression.js";
import { Lz4Part } from "./lz4_part.js";
import type { ByteStore } from "./store.js";

const PIECE = 1 << 22;
/** Smaller blocks are not worth a message to a worker. */
const LEAST_ELSEWHERE = 1 << 20;
/** Frames asked of a worker at a time: one that it works at and one that waits. */
const IN_FLIGHT = 2;
const MOST_SPARE = 8;
/** Of an lz4 block a range is decoded alone where the block is as many times its length. */
const LEAST_PART = 16;
/** Memory that frames were decoded into and others will be: its first touch costs as much as decoding. */
const spare: ArrayBuffer[] = [];

/** Bytes of one block in order, hashed as they pass. */
class StoredReader implements StoredBytes {
  #at = 0;

  constructor(
    private readonly chain: BlockChain,
    private readonly header: BlockHeader,
    private readonly hash: Hash | undefined,
  ) {}

  get remaining(): number {
    return this.header.used - this.#at;
  }

  async next(length: number): Promise<Uint8Array> {
    const bytes = await this.chain.source.read(this.header.start + this.#at, length);
    this.#at += length;
    if (this.hash) timedSync("checksum", length, () => this.hash?.update(bytes));
    return bytes;
  }
}

/** A block of a file, read when asked for. */
export class FileBlock implements ByteStore {
  readonly fresh = true;
  readonly where: string;
  #verified: boolean;
  #decoded: WeakRef<Uint8Array> | undefined;
  #part: Lz4Part | undefined;

  /** @param index of the block; negative from the last */
  constructor(
    readonly chain: BlockChain,
    readonly index: number,
    checksums: boolean,
  ) {
    this.where = `block ${index}`;
    this.#verified = !checksums;
  }

  header(): Promise<BlockHeader> {
    return this.chain.header(this.index);
  }

  async size(): Promise<number> {
    return (await this.header()).size;
  }

  async compression(): Promise<Compression> {
    const header = await this.header();
    return compressionOf(header.compression, this.#name(header));
  }

  async read(start: number, length: number): Promise<Uint8Array> {
    const header = await this.header();
    if (start === 0 && length === header.size) return this.#decode(header);
    if (header.compression === "") {
      this.#checkExtent(header);
      if (!this.#verified && header.checksum.length > 0) await this.#verify(header);
      return this.chain.source.read(header.start + start, length);
    }
    const unchecked = this.#verified || header.checksum.length === 0;
    if (header.compression === "lz4" && unchecked && length <= header.size / LEAST_PART)
      return this.#readPart(header, start, length);
    // Several views on one compressed block decode it once, as long as the memory is not wanted elsewhere.
    let bytes = this.#decoded?.deref();
    if (!bytes) this.#decoded = new WeakRef((bytes = await this.#decode(header)));
    return bytes.slice(start, start + length);
  }

  async #readPart(header: BlockHeader, start: number, length: number): Promise<Uint8Array> {
    this.#checkExtent(header);
    try {
      return await (this.#part ??= new Lz4Part(this.chain.source, header)).read(start, length);
    } catch (error) {
      throw this.#explain(error, header);
    }
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const header = await this.header();
    const compression = await this.compression();
    const hash = this.#hash(header);
    this.#checkExtent(header);
    const decodedHash = hash && compression !== "none" ? createHash("md5") : undefined;
    try {
      for await (const piece of decodePieces(
        compression,
        new StoredReader(this.chain, header, hash),
        header.size,
      )) {
        decodedHash?.update(piece);
        for (let i = 0; i < piece.length; i += PIECE) yield piece.subarray(i, i + PIECE);
      }
    } catch (error) {
      throw this.#explain(error, header);
    }
    this.#compare(header, hash, () => decodedHash?.digest());
  }

  /** The bytes as stored, verified as they pass. */
  async *storedChunks(): AsyncGenerator<Uint8Array> {
    const header = await this.header();
    const hash = createHash("md5");
    this.#checkExtent(header);
    const stored = new StoredReader(this.chain, header, hash);
    while (stored.remaining > 0) yield await stored.next(Math.min(PIECE, stored.remaining));
    const digest = hash.digest();
    if (!this.#verified && header.checksum.length > 0 && !digest.equals(header.checksum)) {
      // Perhaps the checksum is that of the decoded bytes.
      await this.#decode(header);
    }
  }

  /**
   * Bytes in order, decoded by a worker thread where that is worth it; a piece is good until the next is asked for. Of an lz4 block no
   * more is decoded than the frames that hold them; its checksum is that of all of it nevertheless.
   */
  async *pieces(start = 0, length?: number): AsyncGenerator<Uint8Array> {
    const header = await this.header();
    const end = length === undefined ? header.size : start + length;
    if (!(await this.#isForWorkers(header))) {
      if (start === 0 && end === header.size) yield* this.chunks();
      else yield* this.#readPieces(start, end);
      return;
    }
    this.#checkExtent(header);
    let done = start;
    try {
      for await (const piece of workers.using((lane) => this.#decodedBy(lane, header, start, end))) {
        done += piece.length;
        yield piece;
      }
      if (done === end) return;
    } catch {
      // decoding here tells the reason, or does it
    }
    yield (await this.#decodeHere(header)).subarray(done, end);
  }

  async *#readPieces(start: number, end: number): AsyncGenerator<Uint8Array> {
    // what is compressed would be decoded for each piece
    const most = (await this.compression()) === "none" ? PIECE : end - start;
    for (let at = start; at < end; at += most) yield await this.read(at, Math.min(most, end - at));
  }

  async #isForWorkers({ size }: BlockHeader): Promise<boolean> {
    return (
      size >= LEAST_ELSEWHERE && this.chain.source.fd !== undefined && (await this.compression()) === "lz4"
    );
  }

  /** Throws where there are more bytes than the block has, or their checksum is not that of the stored bytes. */
  async *#decodedBy(
    lane: Lane,
    { start, used, size, checksum }: BlockHeader,
    from: number,
    to: number,
  ): AsyncGenerator<Uint8Array> {
    const { fd } = this.chain.source;
    if (fd === undefined) throw new Error("the file was closed");
    const verify = !this.#verified && checksum.length > 0;
    const ask = (out?: ArrayBuffer): ReturnType<typeof lane.call<"next">> => {
      const answer = lane.call("next", { out, most: size }, out ? [out] : []);
      answer.catch(() => undefined);
      return answer;
    };
    // to the last frame, whatever it holds, where all are wanted
    const wanted = { from, to: to === size ? Infinity : to };
    const opened = lane.call("open", { fd, start, used, ...wanted, checksum: verify });
    const asked = Array.from({ length: IN_FLIGHT }, () => ask(spare.pop()));
    await opened;
    for (let done = from; ;) {
      const { out, first, size: length, took, digest } = await asked.shift()!;
      if (first + length > size) throw new CorruptError("more bytes than the block has");
      if (length === 0) {
        if (verify && !digest?.every((byte, i) => byte === checksum[i]))
          throw new CorruptError("another checksum");
        this.#verified ||= verify;
        keep(out, (await asked.shift()!).out);
        return;
      }
      tell("decode", length, performance.now() - took);
      const end = Math.min(to, first + length);
      yield new Uint8Array(out!, done - first, end - done);
      done = end;
      asked.push(ask(out));
    }
  }

  async #decode(header: BlockHeader): Promise<Uint8Array> {
    if (!(await this.#isForWorkers(header))) return this.#decodeHere(header);
    const bytes = new Uint8Array(header.size);
    let at = 0;
    for await (const piece of this.pieces()) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  async #decodeHere(header: BlockHeader): Promise<Uint8Array> {
    this.#checkExtent(header);
    const compression = await this.compression();
    const hash = this.#hash(header);
    let bytes: Uint8Array;
    try {
      bytes = await decode(compression, new StoredReader(this.chain, header, hash), header.size);
    } catch (error) {
      throw this.#explain(error, header);
    }
    this.#compare(header, hash, () => createHash("md5").update(bytes).digest());
    return bytes;
  }

  async #verify(header: BlockHeader): Promise<void> {
    const hash = createHash("md5");
    const stored = new StoredReader(this.chain, header, hash);
    while (stored.remaining > 0) await stored.next(Math.min(PIECE, stored.remaining));
    this.#compare(header, hash, () => undefined);
  }

  #hash(header: BlockHeader): Hash | undefined {
    return this.#verified || header.checksum.length === 0 ? undefined : createHash("md5");
  }

  /** The standard hashes the stored bytes; older writers hashed the decoded ones. */
  #compare(header: BlockHeader, stored: Hash | undefined, decoded: () => Buffer | undefined): void {
    if (!stored) return;
    if (!stored.digest().equals(header.checksum) && !decoded()?.equals(header.checksum)) {
      throw new UserError(
        `${this.#name(header)}: its checksum does not match, the file is damaged (to read it nevertheless, ` +
          `open it with checksums: false)`,
      );
    }
    this.#verified = true;
  }

  #checkExtent(header: BlockHeader): void {
    const { size } = this.chain.source;
    if (header.start + header.used <= size) return;
    throw new UserError(
      `${this.#name(header)}: truncated: it needs bytes up to ${header.start + header.used}, the file ends at ${size}`,
    );
  }

  #name(header: BlockHeader): string {
    return `${this.chain.name}: block ${header.index} (at byte ${header.offset})`;
  }

  #explain(error: unknown, header: BlockHeader): unknown {
    if (error instanceof CorruptError)
      return new UserError(`${this.#name(header)}: damaged: ${error.message}`);
    if (error instanceof RangeError) {
      return new UserError(
        `${this.#name(header)}: ${header.size} bytes do not fit into memory: ${error.message}`,
      );
    }
    return error;
  }
}

function keep(...buffers: (ArrayBuffer | undefined)[]): void {
  for (const buffer of buffers) if (buffer && spare.length < MOST_SPARE) spare.push(buffer);
}
