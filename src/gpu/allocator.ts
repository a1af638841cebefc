const STORAGE_USAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST
const READBACK_USAGE = 0x1 | 0x8; // MAP_READ | COPY_DST
const UPLOAD_USAGE = 0x2 | 0x4; // MAP_WRITE | COPY_SRC

export type BufferUse = "storage" | "readback" | "upload";
const USAGE: Record<BufferUse, number> = {
  storage: STORAGE_USAGE,
  readback: READBACK_USAGE,
  upload: UPLOAD_USAGE,
};

/** The part of GPUDevice that the allocator needs, so that its accounting is tested without a device. */
export interface BufferMaker {
  createBuffer(descriptor: { label?: string; size: number; usage: number }): GPUBuffer;
}

/** A piece of device memory handed out by the allocator; `size` in bytes. */
export class DeviceBuffer {
  private freed = false;
  constructor(
    readonly label: string,
    readonly size: number,
    readonly raw: GPUBuffer,
    readonly use: BufferUse,
    private readonly owner: Allocator,
  ) {}

  /** Hand the memory back. Work submitted before still sees it; work recorded after must not use it. */
  free(): void {
    if (this.freed) throw new Error(`${this.label}: freed twice`);
    this.freed = true;
    this.owner.take(this);
  }
}

/** Out of the stated budget, or larger than one binding can be. */
export class DeviceMemoryError extends Error {
  override readonly name = "DeviceMemoryError";
}

/**
 * The one place device memory comes from. Freed buffers are kept by size and use and handed out again, because the first
 * touch of memory costs more than most kernels; contents are therefore undefined. Everything held, in use or idle, counts.
 */
export class Allocator {
  private readonly idle = new Map<string, GPUBuffer[]>();
  private readonly live = new Map<DeviceBuffer, number>();
  private usedBytes = 0;
  private idleBytes = 0;
  private peakBytes = 0;

  /**
   * @param maker a GPUDevice
   * @param maxBinding largest storage binding, bytes
   * @param budget bytes that may be held at once
   */
  constructor(
    private readonly maker: BufferMaker,
    readonly maxBinding: number,
    public budget: number,
  ) {}

  /** Bytes handed out now. */
  get used(): number {
    return this.usedBytes;
  }
  /** Most bytes held at any time, idle buffers included. */
  get peak(): number {
    return this.peakBytes;
  }
  /** Bytes that can still be handed out within the budget. */
  get available(): number {
    return this.budget - this.usedBytes;
  }

  /** A buffer of at least `bytes` (rounded up to 16). Throws DeviceMemoryError beyond the budget or a binding's limit. */
  alloc(label: string, bytes: number, use: BufferUse = "storage"): DeviceBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (use === "storage" && size > this.maxBinding) {
      throw new DeviceMemoryError(
        `${label}: ${size} bytes do not fit one storage binding of ${this.maxBinding} bytes`,
      );
    }
    if (this.usedBytes + size > this.budget) {
      throw new DeviceMemoryError(
        `${label}: ${mib(size)} would exceed the device memory budget of ${mib(this.budget)} (in use: ${this.inventory()})`,
      );
    }
    const key = `${use}:${size}`;
    let raw = this.idle.get(key)?.pop();
    if (raw) this.idleBytes -= size;
    else {
      if (this.usedBytes + this.idleBytes + size > this.budget) this.trim();
      raw = this.maker.createBuffer({ label, size, usage: USAGE[use] });
    }
    this.usedBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes + this.idleBytes);
    const buffer = new DeviceBuffer(label, size, raw, use, this);
    this.live.set(buffer, size);
    return buffer;
  }

  /** Destroy the idle buffers: their memory returns with the next submit. */
  trim(): void {
    for (const list of this.idle.values()) for (const raw of list) raw.destroy();
    this.idle.clear();
    this.idleBytes = 0;
  }

  /** Called by DeviceBuffer.free. */
  take(buffer: DeviceBuffer): void {
    this.live.delete(buffer);
    this.usedBytes -= buffer.size;
    this.idleBytes += buffer.size;
    const key = `${buffer.use}:${buffer.size}`;
    const list = this.idle.get(key);
    if (list) list.push(buffer.raw);
    else this.idle.set(key, [buffer.raw]);
  }

  /** Labels and sizes of what is in use, the largest first. */
  inventory(): string {
    const bySize = [...this.live.keys()].sort((a, b) => b.size - a.size);
    return bySize
      .slice(0, 12)
      .map((buffer) => `${buffer.label} ${mib(buffer.size)}`)
      .join(", ");
  }
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
