import type { BlockHeader } from "./blocks.js";
import { CorruptError, bigEndian, decodeFrame } from "./compression.js";
import type { ByteSource } from "./source.js";

interface Frame {
  /** Where its bytes lie in the file, and how many. */
  readonly at: number;
  readonly length: number;
  /** Which bytes of the block they decode to. */
  readonly first: number;
  readonly size: number;
}

/** Ranges of an lz4 block without the rest of it: of each frame the length is read, decoded are those that are asked for. */
export class Lz4Part {
  private index: Promise<readonly Frame[]> | undefined;
  private last: { readonly frame: Frame; readonly bytes: WeakRef<Uint8Array> } | undefined;

  constructor(
    private readonly source: ByteSource,
    private readonly header: BlockHeader,
  ) {}

  /** @throws CorruptError */
  async read(start: number, length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    for (const frame of await (this.index ??= this.frames())) {
      const [from, to] = [Math.max(start, frame.first), Math.min(start + length, frame.first + frame.size)];
      if (from >= to) continue;
      const bytes = await this.decoded(frame);
      out.set(bytes.subarray(from - frame.first, to - frame.first), from - start);
    }
    return out;
  }

  private async decoded(frame: Frame): Promise<Uint8Array> {
    const kept = this.last?.frame === frame ? this.last.bytes.deref() : undefined;
    if (kept) return kept;
    const bytes = decodeFrame(await this.source.read(frame.at, frame.length), frame.size);
    this.last = { frame, bytes: new WeakRef(bytes) };
    return bytes;
  }

  private async frames(): Promise<Frame[]> {
    const { start, used, size } = this.header;
    const found: Frame[] = [];
    let first = 0;
    for (let at = start; at < start + used;) {
      const head = await this.source.read(at, Math.min(8, start + used - at));
      const length = bigEndian(head, 0);
      if (length < 4 || at + 4 + length > start + used)
        throw new CorruptError("an lz4 frame runs past the block's end");
      const decoded = new DataView(head.buffer, head.byteOffset).getUint32(4, true);
      found.push({ at: at + 4, length, first, size: decoded });
      first += decoded;
      at += 4 + length;
    }
    if (first !== size) throw new CorruptError(`the lz4 frames hold ${first} bytes, expected ${size}`);
    return found;
  }
}
