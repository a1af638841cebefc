import type { Allocator, DeviceBuffer } from "./allocator.js";

/** Bytes read back at a time: the host touches little memory, again and again. */
const CHUNK_BYTES = 4 << 20;
/** Chunks under way: the host works at one while the device copies another. */
const DEPTH = 2;
/** Bytes that were written since the device was last asked to tell when it has them. */
const STRIDE_BYTES = 8 << 20;
/** Bytes written that the device may not have yet: kernels that are submitted already keep them waiting, in Dawn's own memory. */
const MOST_UNDER_WAY = 32 << 20;

type Wait = (promise: Promise<unknown>, label: string) => Promise<void>;

/** Moves bytes between host and device, in order with what is submitted, few of them under way at a time. */
export class Transfers {
  /** What is written and not yet known to be on the device, the oldest first. */
  private readonly underWay: { readonly bytes: number; readonly done: Promise<unknown> }[] = [];
  private bytesUnderWay = 0;
  private sinceAsked = 0;

  /**
   * @param wait awaits a promise of the device
   * @param watch looks after one that nobody may come to await
   */
  constructor(
    private readonly device: GPUDevice,
    private readonly memory: Allocator,
    private readonly wait: Wait,
    private readonly watch: (promise: Promise<unknown>) => void,
  ) {}

  /** Writes `pieces`, one after the other, from the first byte of `buffer` on. RangeError where they are more than fit. */
  async write(buffer: DeviceBuffer, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    let at = 0;
    // writes are of whole words: what is left of a piece goes with the next one
    const word = new Uint8Array(4);
    let kept = 0;
    for await (let piece of pieces) {
      if (at + kept + piece.length > buffer.size) throw new RangeError(`${buffer.label}: too many bytes`);
      if (kept > 0) {
        const missing = Math.min(4 - kept, piece.length);
        word.set(piece.subarray(0, missing), kept);
        piece = piece.subarray(missing);
        kept += missing;
        if (kept < 4) continue;
        this.put(buffer, at, word);
        at += 4;
      }
      kept = piece.length % 4;
      const whole = piece.subarray(0, piece.length - kept);
      word.set(piece.subarray(whole.length));
      if (whole.length === 0) continue;
      this.put(buffer, at, whole);
      at += whole.length;
      await this.pace(whole.length, buffer.label);
    }
    if (kept > 0) this.put(buffer, at, word.fill(0, kept));
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
        await this.wait(staging.raw.mapAsync(GPUMapMode.READ, 0, size), buffer.label);
        mapped = staging;
        yield new Uint8Array(staging.raw.getMappedRange(0, size), 0, Math.min(size, bytes - done));
        mapped = undefined;
        staging.raw.unmap();
        if (asked < bytes) ask(staging);
      }
    } finally {
      mapped?.raw.unmap();
      for (const staging of ring) staging.free();
    }
  }

  private put({ raw, offset }: DeviceBuffer, at: number, { buffer, byteOffset, length }: Uint8Array): void {
    this.device.queue.writeBuffer(raw, offset + at, buffer as ArrayBuffer, byteOffset, length);
  }

  /** Waits where more than may be is under way once `bytes` more are written. */
  private async pace(bytes: number, label: string): Promise<void> {
    this.sinceAsked += bytes;
    if (this.sinceAsked < STRIDE_BYTES) return;
    const { queue } = this.device;
    queue.submit([]); // writes alone wait for a submit
    const done = queue.onSubmittedWorkDone();
    this.watch(done);
    this.underWay.push({ bytes: this.sinceAsked, done });
    this.bytesUnderWay += this.sinceAsked;
    this.sinceAsked = 0;
    while (this.bytesUnderWay > MOST_UNDER_WAY) {
      const oldest = this.underWay.shift()!;
      this.bytesUnderWay -= oldest.bytes;
      await this.wait(oldest.done, label);
    }
  }

  private copy(
    from: DeviceBuffer,
    fromOffset: number,
    to: DeviceBuffer,
    toOffset: number,
    bytes: number,
  ): void {
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(
      from.raw,
      from.offset + fromOffset,
      to.raw,
      to.offset + toOffset,
      Math.ceil(bytes / 4) * 4,
    );
    this.device.queue.submit([encoder.finish()]);
  }
}
