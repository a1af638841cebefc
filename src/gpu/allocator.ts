const STORAGE_USAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST
const READBACK_USAGE = 0x1 | 0x8; // MAP_READ | COPY_DST
const TEXELS_USAGE = 0x1 | 0x4 | 0x8; // COPY_SRC | TEXTURE_BINDING | STORAGE_BINDING

export type BufferUse = "storage" | "readback";
const USAGE: Record<BufferUse, number> = {
  storage: STORAGE_USAGE,
  readback: READBACK_USAGE,
};

/** The part of GPUDevice that the allocator needs, so that its accounting is tested without a device. */
export interface BufferMaker {
  createBuffer(descriptor: { label?: string; size: number; usage: number }): GPUBuffer;
  createTexture(descriptor: GPUTextureDescriptor): GPUTexture;
}

/** Texels in a row of the texture that holds them; shaders/shared/texels.wgsl counts with it. */
export const TEXEL_COLUMNS = 4096;
const TEXEL_BYTES = 16;
const MOST_ROWS = 8192; // of a texture on any device
/** As many texels as can be held together. */
export const MOST_TEXELS = TEXEL_COLUMNS * MOST_ROWS;

/** Where a part of a buffer may begin: what every device lets a binding begin at. */
export const PART_ALIGNMENT = 256;

/** A piece of device memory handed out by the allocator; `size` in bytes from `offset` of `raw` on, which may have more. */
export class DeviceBuffer {
  private freed = false;
  constructor(
    readonly label: string,
    readonly size: number,
    readonly raw: GPUBuffer,
    readonly use: BufferUse,
    private readonly giveBack: (buffer: DeviceBuffer) => void,
    readonly offset = 0,
  ) {}

  /**
   * `bytes` (rounded up to 4) of it from `byteOffset` on as a buffer: for bindings and transfers as long as this one is held; never freed
   * itself. RangeError for an offset that is no multiple of {@link PART_ALIGNMENT} or a part beyond the end.
   */
  part(byteOffset: number, bytes: number): DeviceBuffer {
    const size = 4 * Math.ceil(bytes / 4);
    if (byteOffset % PART_ALIGNMENT !== 0 || byteOffset + size > this.size)
      throw new RangeError(`${this.label}: no part of ${bytes} bytes at ${byteOffset}`);
    const keep = (): never => {
      throw new Error(`${this.label}: a part of it is not to be freed`);
    };
    return new DeviceBuffer(this.label, size, this.raw, this.use, keep, this.offset + byteOffset);
  }

  /** Hand the memory back. Work submitted before still sees it; work recorded after must not use it. */
  free(): void {
    if (this.freed) throw new Error(`${this.label}: freed twice`);
    this.freed = true;
    this.giveBack(this);
  }
}

/**
 * Texels of four f32 each, in rows of {@link TEXEL_COLUMNS}, as a texture: where neighbouring invocations read
 * here and there, lavapipe loads one in half of the time that four words of a buffer take.
 */
export class DeviceTexels {
  private freed = false;
  constructor(
    readonly label: string,
    /** Bytes. */
    readonly size: number,
    readonly raw: GPUTexture,
    private readonly giveBack: (texels: DeviceTexels) => void,
  ) {}

  /** How many it holds. */
  get count(): number {
    return this.size / TEXEL_BYTES;
  }

  /** As {@link DeviceBuffer.free}. */
  free(): void {
    if (this.freed) throw new Error(`${this.label}: freed twice`);
    this.freed = true;
    this.giveBack(this);
  }
}

/** Out of the stated budget, or larger than one binding can be. */
export class DeviceMemoryError extends Error {
  override readonly name = "DeviceMemoryError";
}

/** A raw buffer or texture and its size in bytes. */
type Piece = { readonly bytes: number } & (
  { readonly use: BufferUse; readonly raw: GPUBuffer } | { readonly use: "texels"; readonly raw: GPUTexture }
);
type PieceOf<U extends Piece["use"]> = Extract<Piece, { use: U extends BufferUse ? BufferUse : "texels" }>;

/** A freed buffer serves a request that leaves at most this share of it unused. */
const LARGEST_WASTE = 0.34;

/**
 * The one place device memory comes from. Freed buffers are kept and handed out again, because the first touch of memory costs
 * more than most kernels; contents are therefore undefined. Everything held, in use or idle, counts, and idle buffers never make
 * that more than was once in use: before a new buffer would, those freed longest ago are destroyed.
 */
export class Allocator {
  /** Freed buffers, the oldest first. */
  private readonly idle: Piece[] = [];
  private readonly live = new Map<DeviceBuffer | DeviceTexels, Piece>();
  private usedBytes = 0;
  private idleBytes = 0;
  private mostUsed = 0;
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

  /** A buffer of `bytes` (rounded up to 16). Throws DeviceMemoryError beyond the budget or a binding's limit. */
  alloc(label: string, bytes: number, use: BufferUse = "storage"): DeviceBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (use === "storage" && size > this.maxBinding) {
      throw new DeviceMemoryError(
        `${label}: ${size} bytes do not fit one storage binding of ${this.maxBinding} bytes`,
      );
    }
    const piece = this.take(label, size, use);
    const buffer = new DeviceBuffer(label, size, piece.raw, use, (freed) => {
      this.takeBack(freed);
    });
    this.live.set(buffer, piece);
    return buffer;
  }

  /** `count` texels or more; their contents are undefined. Throws DeviceMemoryError beyond the budget or {@link MOST_TEXELS}. */
  texels(label: string, count: number): DeviceTexels {
    if (count > MOST_TEXELS)
      throw new DeviceMemoryError(`${label}: ${count} texels do not fit a texture of ${MOST_TEXELS}`);
    const rows = Math.max(1, Math.ceil(count / TEXEL_COLUMNS));
    const piece = this.take(label, rows * TEXEL_COLUMNS * TEXEL_BYTES, "texels");
    const texels = new DeviceTexels(label, piece.bytes, piece.raw, (freed) => {
      this.takeBack(freed);
    });
    this.live.set(texels, piece);
    return texels;
  }

  /** Memory that was freed, or new one, counted as used. */
  private take<U extends Piece["use"]>(label: string, size: number, use: U): PieceOf<U> {
    if (this.usedBytes + size > this.budget) {
      throw new DeviceMemoryError(
        `${label}: ${mib(size)} would exceed the device memory budget of ${mib(this.budget)} (in use: ${this.inventory()})`,
      );
    }
    const piece = this.takeIdle(size, use) ?? this.make(label, size, use);
    this.usedBytes += piece.bytes;
    this.mostUsed = Math.max(this.mostUsed, this.usedBytes);
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes + this.idleBytes);
    return piece as PieceOf<U>;
  }

  /** Destroy idle buffers, those freed longest ago first, until at most `keep` bytes are left: their memory returns with the next submit. */
  trim(keep = 0): void {
    while (this.idle.length && this.idleBytes > keep) {
      const { raw, bytes } = this.idle.shift()!;
      this.idleBytes -= bytes;
      raw.destroy();
    }
  }

  /** The smallest idle buffer that serves; of several alike the one freed last. */
  private takeIdle(size: number, use: Piece["use"]): Piece | undefined {
    const most = Math.min(size / (1 - LARGEST_WASTE), this.available);
    let best = -1;
    this.idle.forEach((piece, i) => {
      if (piece.use !== use || piece.bytes < size || piece.bytes > most) return;
      if (best < 0 || piece.bytes <= this.idle[best].bytes) best = i;
    });
    if (best < 0) return undefined;
    const [piece] = this.idle.splice(best, 1);
    this.idleBytes -= piece.bytes;
    return piece;
  }

  private make(label: string, bytes: number, use: Piece["use"]): Piece {
    const used = this.usedBytes + bytes;
    this.trim(Math.max(used, Math.min(this.mostUsed, this.budget)) - used);
    if (use === "texels") {
      const size = [TEXEL_COLUMNS, bytes / (TEXEL_COLUMNS * TEXEL_BYTES)];
      const raw = this.maker.createTexture({ label, size, format: "rgba32float", usage: TEXELS_USAGE });
      return { raw, use, bytes };
    }
    return { raw: this.maker.createBuffer({ label, size: bytes, usage: USAGE[use] }), use, bytes };
  }

  private takeBack(buffer: DeviceBuffer | DeviceTexels): void {
    const piece = this.live.get(buffer)!;
    this.live.delete(buffer);
    this.usedBytes -= piece.bytes;
    this.idleBytes += piece.bytes;
    this.idle.push(piece);
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
