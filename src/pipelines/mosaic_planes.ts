import { FrameEncoder, type FrameFile, FrameStore, NdArray } from "../host/asdf/index.js";
import type { Band } from "./context.js";

/** Keeps a plane on the host, or several layers of one, whose rows come in order from the device. */
export interface PlaneKeeper {
  /** More rows of a layer; a piece is used before the next is asked for. */
  add(layer: number, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  finish(): Promise<NdArray>;
  /** In place of finish(): lets others go on. */
  abandon(): void;
}

/** Where planes are kept. */
export interface Keeping {
  /** A file for their frames. */
  readonly frames?: FrameFile;
  /** Each layer comes at once. */
  readonly whole: boolean;
}

/** Planes of u32. The others are f32. */
const WORDS: readonly string[] = ["context", "dq", "labels"];

/**
 * In the file where there is one; else in memory: as they are where they come whole, as frames where they are more. `context` has a
 * dimension for its layers.
 */
export function keeperOf(
  name: string,
  [ny, nx]: readonly [number, number],
  layers: number,
  keeping: Keeping,
): PlaneKeeper {
  const shape = name === "context" ? [layers, ny, nx] : [ny, nx];
  const datatype = WORDS.includes(name) ? "uint32" : "float32";
  return keeping.whole && !keeping.frames
    ? new ArrayKeeper(shape, datatype)
    : new FrameKeeper(shape, datatype, layers, keeping);
}

class ArrayKeeper implements PlaneKeeper {
  private readonly array: Float32Array | Uint32Array;
  private filled = 0;

  constructor(
    private readonly shape: readonly number[],
    datatype: "float32" | "uint32",
  ) {
    const count = shape.reduce((a, b) => a * b);
    this.array = datatype === "uint32" ? new Uint32Array(count) : new Float32Array(count);
  }

  async add(_layer: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const bytes = new Uint8Array(this.array.buffer);
    for await (const piece of pieces) {
      bytes.set(piece, this.filled);
      this.filled += piece.length;
    }
  }

  finish(): Promise<NdArray> {
    return Promise.resolve(NdArray.from(this.array, this.shape));
  }

  abandon(): void {
    this.filled = 0;
  }
}

class FrameKeeper implements PlaneKeeper {
  private readonly encoders: readonly FrameEncoder[];

  constructor(
    private readonly shape: readonly number[],
    private readonly datatype: "float32" | "uint32",
    private readonly layers: number,
    private readonly keeping: Keeping,
  ) {
    const { frames: file, whole } = keeping;
    const options = { file, together: whole, checksum: file !== undefined };
    // layers that come whole follow each other
    this.encoders = Array.from({ length: whole ? 1 : layers }, () => new FrameEncoder(options));
  }

  async add(layer: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const { whole } = this.keeping;
    const encoder = this.encoders[whole ? 0 : layer];
    await encoder.append(pieces);
    if (whole && layer === this.layers - 1) encoder.end();
  }

  async finish(): Promise<NdArray> {
    const stores: FrameStore[] = [];
    for (const encoder of this.encoders) stores.push(await encoder.finish());
    const { shape, datatype } = this;
    return new NdArray({ shape, datatype, store: FrameStore.joined(stores) });
  }

  abandon(): void {
    for (const encoder of this.encoders) encoder.abandon();
  }
}

/** Rows of a plane of f32. */
export async function rowsOf(plane: NdArray, { y0, ny }: Band): Promise<Float32Array> {
  const nx = plane.shape[1];
  return (await plane.view({ shape: [ny, nx], offset: 4 * y0 * nx }).read()) as Float32Array;
}
