import { UserError } from "../errors.js";
import { BLOCK_MAGIC } from "./header.js";
import type { ByteSource } from "./source.js";

export const HEADER_BYTES = 54;
const STREAMED = 1;
const INDEX_TITLE = "#ASDF BLOCK INDEX";
const INDEX_TAIL = 1 << 16;

/** Where a block lies and how, as its header says. Sizes in bytes. */
export interface BlockHeader {
  readonly index: number;
  /** Offset of the magic bytes. */
  readonly offset: number;
  /** Offset of the data. */
  readonly start: number;
  readonly streamed: boolean;
  /** Four-letter name; empty if not compressed. */
  readonly compression: string;
  readonly allocated: number;
  /** Bytes stored. */
  readonly used: number;
  /** Bytes when decoded. */
  readonly size: number;
  /** md5, or empty if the writer left it out. */
  readonly checksum: Uint8Array;
}

/**
 * The blocks of a file, found by skipping from header to header as far as is asked: 54 bytes each, and right whether
 * the block index is present, absent or wrong. The index serves only to get past a damaged header.
 */
export class BlockChain {
  /** A number stands for a block whose header is damaged: where it should be. */
  readonly #headers: (BlockHeader | number)[] = [];
  #next: number | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(
    readonly source: ByteSource,
    readonly name: string,
    first: number | undefined,
  ) {
    this.#next = first;
  }

  /** Header of a block; negative indices count from the last. @throws UserError if there is no such block */
  header(index: number): Promise<BlockHeader> {
    const found = this.#busy.then(() => this.#find(index));
    this.#busy = found.catch(() => undefined);
    return found;
  }

  /** Headers of all blocks. */
  async all(): Promise<readonly BlockHeader[]> {
    const last = this.#busy.then(() => this.#skipTo(Infinity));
    this.#busy = last.catch(() => undefined);
    await last;
    return this.#headers.map((header, i) => this.#intact(header, i));
  }

  async #find(index: number): Promise<BlockHeader> {
    await this.#skipTo(index < 0 ? Infinity : index);
    const header = this.#headers[index < 0 ? this.#headers.length + index : index];
    if (header !== undefined) return this.#intact(header, index);
    const count = this.#headers.length;
    throw new UserError(
      `${this.name}: block ${index} is missing: the file has ${count} block${count === 1 ? "" : "s"}, it may be truncated`,
    );
  }

  async #skipTo(index: number): Promise<void> {
    while (this.#headers.length <= index && this.#next !== undefined) {
      const at = this.#next;
      const number = this.#headers.length;
      if (await this.#ended(at)) {
        this.#next = undefined;
        return;
      }
      const header = await this.#headerAt(at, number);
      this.#headers.push(header ?? at);
      if (header) this.#next = header.streamed ? undefined : header.start + header.allocated;
      else this.#next = await this.#afterDamage(number);
    }
  }

  #intact(header: BlockHeader | number, index: number): BlockHeader {
    if (typeof header !== "number") return header;
    throw new UserError(`${this.name}: no header of block ${index} at byte ${header}: the file is damaged`);
  }

  /** Whether the blocks end here: at the file's end, at the block index or at zero padding. */
  async #ended(at: number): Promise<boolean> {
    const { source } = this;
    if (at >= source.size) return true;
    const bytes = await source.read(at, Math.min(INDEX_TITLE.length, source.size - at));
    return bytes.every((b) => b === 0) || Buffer.from(bytes).toString("latin1") === INDEX_TITLE;
  }

  async #headerAt(offset: number, index: number): Promise<BlockHeader | undefined> {
    const { source } = this;
    if (offset + HEADER_BYTES > source.size) return undefined;
    const bytes = await source.read(offset, HEADER_BYTES);
    return parseHeader(bytes, offset, index, source.size, this.name);
  }

  /** Offset of the block after a damaged one, if the index agrees with all that was found before. */
  async #afterDamage(index: number): Promise<number | undefined> {
    const { source } = this;
    const length = Math.min(INDEX_TAIL, source.size);
    const tail = Buffer.from(await source.read(source.size - length, length)).toString("latin1");
    const offsets = parseIndex(tail);
    const agrees = this.#headers.every((header, i) => {
      return typeof header === "number" || offsets[i] === header.offset;
    });
    return agrees ? offsets[index + 1] : undefined;
  }
}

/** Offsets of the block index at the end of `text`; empty if there is none or it is not in order. */
function parseIndex(text: string): number[] {
  const at = text.lastIndexOf(INDEX_TITLE);
  const list = at < 0 ? null : /\[([\d\s,]*)\]|((?:^- *\d+\s*$)+)/m.exec(text.slice(at));
  const offsets = (list?.[0].match(/\d+/g) ?? []).map(Number);
  return offsets.every((value, i) => i === 0 || value >= offsets[i - 1] + HEADER_BYTES) ? offsets : [];
}

export function formatIndex(offsets: readonly number[]): string {
  return `${INDEX_TITLE}\n%YAML 1.1\n---\n[${offsets.join(", ")}]\n...\n`;
}

function parseHeader(
  bytes: Uint8Array,
  offset: number,
  index: number,
  fileSize: number,
  name: string,
): BlockHeader | undefined {
  if (BLOCK_MAGIC.some((b, i) => bytes[i] !== b)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = view.getUint16(4);
  if (headerSize < HEADER_BYTES - 6) return undefined;
  const start = offset + 6 + headerSize;
  const streamed = (view.getUint32(6) & STREAMED) !== 0;
  const rest = Math.max(0, fileSize - start);
  const size = (at: number): number => (streamed ? rest : Number(view.getBigUint64(at)));
  const checksum = bytes.slice(38, 54);
  const header: BlockHeader = {
    index,
    offset,
    start,
    streamed,
    compression: Buffer.from(bytes.subarray(10, 14)).toString("latin1").replace(/\0+$/, ""),
    allocated: size(14),
    used: size(22),
    size: size(30),
    checksum: checksum.some((b) => b !== 0) ? checksum : new Uint8Array(0),
  };
  checkHeader(header, `${name}: block ${index} (at byte ${offset})`);
  return header;
}

function checkHeader({ used, allocated, size, compression, streamed }: BlockHeader, where: string): void {
  const wrong = !Number.isSafeInteger(allocated) || !Number.isSafeInteger(size) || used > allocated;
  if (wrong || (compression === "" && used !== size)) {
    throw new UserError(`${where}: the sizes in its header contradict each other: the file is damaged`);
  }
  if (streamed && compression !== "") throw new UserError(`${where}: a streamed block cannot be compressed`);
}

/** A header's 54 bytes. */
export function packHeader(header: Omit<BlockHeader, "index" | "offset" | "start">): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(BLOCK_MAGIC);
  view.setUint16(4, HEADER_BYTES - 6);
  view.setUint32(6, header.streamed ? STREAMED : 0);
  bytes.set(Buffer.from(header.compression, "latin1"), 10);
  view.setBigUint64(14, BigInt(header.allocated));
  view.setBigUint64(22, BigInt(header.used));
  view.setBigUint64(30, BigInt(header.size));
  bytes.set(header.checksum, 38);
  return bytes;
}
