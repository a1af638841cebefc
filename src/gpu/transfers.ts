import type { Allocator, DeviceBuffer } from "./allocator.js";

/** Bytes moved at a time: the host touches little memory, again and again. */
const CHUNK_BYTES = 4 << 20;
/** Chunks under way: the host works at one while the device copies another. */
const DEPTH = 2;

type Wait = (promise: Promise<unknown>, label: string) => Promise<void>;

/** Moves bytes between host and device through small mapped buffers, in order with what is submitted. */
export class Transfers {
  constructor(
    private readonly device: GPUDevice,
    private readonly memory: Allocator,
    private readonly wait: Wait,
  ) {}

  /** Writes `pieces`, one after the other, from the first byte of `buffer` on. RangeError where they are more than fit. */
  async write(buffer: DeviceBuffer, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const size = Math.min(CHUNK_BYTES, buffer.size);
    const ring: DeviceBuffer[] = [];
    let target: Uint8Array | undefined;
    let [at, filled] = [0, 0];
    const send = (): void => {
      const staging = ring.shift()!;
      ring.push(staging);
      target = undefined;
      staging.raw.unmap();
      this.copy(staging, 0, buffer, at, filled);
      at += filled;
      filled = 0;
    };
    try {
      for await (const piece of pieces) {
        if (at + filled + piece.length > buffer.size) throw new RangeError(`${buffer.label}: too many bytes`);
        while (ring.length < DEPTH) ring.push(this.memory.alloc("upload staging", size, "upload"));
        for (let done = 0; done < piece.length;) {
          target ??= await this.map(ring[0], GPUMapMode.WRITE, size, buffer.label);
          const part = piece.subarray(done, done + size - filled);
          target.set(part, filled);
          filled += part.length;
          done += part.length;
          if (filled === size) send();
        }
      }
      if (filled > 0) send();
    } finally {
      if (target) ring[0].raw.unmap();
      for (const staging of ring) staging.free();
    }
  }

  /** `bytes` of a buffer from `offset` (a multiple of 4) on, in pieces; each is good until the next is asked for. */
  async *read(buffer: DeviceBuffer, offset: number, bytes: number): AsyncGenerator<Uint8Array> {
    const size = Math.min(CHUNK_BYTES, Math.ceil(bytes / 16) * 16);
    const depth = Math.min(DEPTH, Math.ceil(bytes / Math.max(1, size)));
    const ring = Array.from({ length: depth }, () =>
      this.memory.alloc("read-back staging", size, "readback"),
    );
    let asked = 0;
    const ask = (staging: DeviceBuffer): void => {
      this.copy(buffer, offset + asked, staging, 0, Math.min(size, bytes - asked));
      asked += size;
    };
    let mapped: DeviceBuffer | undefined;
    try {
      ring.forEach(ask);
      for (let done = 0; done < bytes; done += size) {
        const staging = ring.shift()!;
        ring.push(staging);
        const target = await this.map(staging, GPUMapMode.READ, size, buffer.label);
        mapped = staging;
        yield target.subarray(0, Math.min(size, bytes - done));
        mapped = undefined;
        staging.raw.unmap();
        if (asked < bytes) ask(staging);
      }
    } finally {
      mapped?.raw.unmap();
      for (const staging of ring) staging.free();
    }
  }

  private async map(
    { raw }: DeviceBuffer,
    mode: GPUMapModeFlags,
    size: number,
    label: string,
  ): Promise<Uint8Array> {
    await this.wait(raw.mapAsync(mode, 0, size), label);
    return new Uint8Array(raw.getMappedRange(0, size));
  }

  private copy(
    from: DeviceBuffer,
    fromOffset: number,
    to: DeviceBuffer,
    toOffset: number,
    bytes: number,
  ): void {
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(from.raw, fromOffset, to.raw, toOffset, Math.ceil(bytes / 4) * 4);
    this.device.queue.submit([encoder.finish()]);
  }
}
