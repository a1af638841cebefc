import { FrameEncoder, type FrameFile, FrameStore, NdArray } from "../host/asdf/index.js";
import type { Band, Window } from "./context.js";

/** Rows of a plane that are `word` but for a part of them. */
export interface Placing {
  readonly part: Window;
  readonly rows: Band;
  readonly word: number;
}

/** Keeps a plane on the host, or several layers of one, whose rows come in order from the device. */
export interface PlaneKeeper {
  /** More rows of a layer, in pieces of whole words, or of a part of it; a piece is used before the next is asked for. */
  add(layer: number, pieces: AsyncIterable<Uint8Array>, placing?: Placing): Promise<void>;
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
  /** As frames in any case. */
  readonly packed?: boolean;
}

/** Planes of u32. The others are f32. */
const WORDS: readonly string[] = ["context", "dq", "labels"];

/**
 * In the file where there is one; else in memory: as they are where they come whole and may be so, else as frames. `context` has a
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
  return keeping.whole && !keeping.frames && !keeping.packed
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

  async add(_layer: number, pieces: AsyncIterable<Uint8Array>, placing?: Placing): Promise<void> {
    const bytes = new Uint8Array(this.array.buffer);
    if (!placing) {
      for await (const piece of pieces) {
        bytes.set(piece, this.filled);
        this.filled += piece.length;
      }
      return;
    }
    const { part, rows, word } = placing;
    const row = 4 * this.shape.at(-1)!;
    const [first, end] = [this.filled, this.filled + row * rows.ny];
    if (word !== 0) new Uint32Array(this.array.buffer).fill(word, first / 4, end / 4); // zeros are there already
    const start = first + row * (part.y0 - rows.y0) + 4 * part.x0;
    for await (const { bytes: run, at, y } of runsOf(pieces, 4 * part.nx))
      bytes.set(run, start + row * y + at);
    this.filled = end;
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

  async add(layer: number, pieces: AsyncIterable<Uint8Array>, placing?: Placing): Promise<void> {
    const { whole } = this.keeping;
    const encoder = this.encoders[whole ? 0 : layer];
    await encoder.append(placing ? surrounded(pieces, placing, this.shape.at(-1)!) : pieces);
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

/** Rows that are put together at a time, bytes about. */
const ROWS_BYTES = 1 << 20;

/** Rows of `nx` words of which a part comes in `pieces`. A piece is good until the next is asked for. */
async function* surrounded(
  pieces: AsyncIterable<Uint8Array>,
  { part, rows: { y0, ny }, word }: Placing,
  nx: number,
): AsyncGenerator<Uint8Array> {
  const most = Math.max(1, Math.floor(ROWS_BYTES / (4 * nx)));
  const row = 4 * nx;
  const around = new Uint8Array(new Uint32Array(most * nx).fill(word).buffer);
  const constant = function* (rows: number): Generator<Uint8Array> {
    for (let left = rows; left > 0; left -= most) yield around.subarray(0, row * Math.min(left, most));
  };
  yield* constant(part.y0 - y0);
  const rows = around.slice();
  for await (const { bytes, at, y } of runsOf(pieces, 4 * part.nx)) {
    rows.set(bytes, row * (y % most) + 4 * part.x0 + at);
    const isDone = at + bytes.length === 4 * part.nx;
    const filled = (y % most) + 1;
    if (isDone && (filled === most || y + 1 === part.ny)) yield rows.subarray(0, row * filled);
  }
  yield* constant(y0 + ny - part.y0 - part.ny);
}

/** Pieces cut at the ends of rows of so many bytes: `at` in row `y`. */
async function* runsOf(
  pieces: AsyncIterable<Uint8Array>,
  rowBytes: number,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly at: number; readonly y: number }> {
  let done = 0;
  for await (const piece of pieces)
    for (let from = 0; from < piece.length;) {
      const at = done % rowBytes;
      const bytes = piece.subarray(from, from + rowBytes - at);
      yield { bytes, at, y: Math.floor(done / rowBytes) };
      from += bytes.length;
      done += bytes.length;
    }
}

/** Rows of a plane of f32. */
export async function rowsOf(plane: NdArray, { y0, ny }: Band): Promise<Float32Array> {
  const nx = plane.shape[1];
  return (await plane.view({ shape: [ny, nx], offset: 4 * y0 * nx }).read()) as Float32Array;
}
