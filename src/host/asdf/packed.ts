import { compressSync } from "lz4-napi";
import { decodeLz4 } from "../workers/lz4.mjs";

/** Bytes kept in memory as lz4 blocks: what says little takes little room. */
export class PackedBytes {
  private constructor(
    private readonly blocks: readonly { readonly bytes: Uint8Array; readonly size: number }[],
  ) {}

  static async of(pieces: AsyncIterable<Uint8Array>): Promise<PackedBytes> {
    const blocks = [];
    for await (const { buffer, byteOffset, length } of pieces)
      blocks.push({ bytes: compressSync(Buffer.from(buffer, byteOffset, length)), size: length });
    return new PackedBytes(blocks);
  }

  /** The bytes in order; a piece is good until the next is asked for. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    let out = new Uint8Array(0);
    for (const { bytes, size } of this.blocks) {
      if (out.length < size) out = new Uint8Array(size);
      decodeLz4(bytes.subarray(4), out);
      yield await Promise.resolve(out.subarray(0, size));
    }
  }
}
