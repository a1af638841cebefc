import { recordsIn, TILE_WORDS, tileColumn, type TileList, type TileTables } from "./tile_list.js";

/** Columns x0 <= x < x0 + nx and rows y0 <= y < y0 + ny of an image. */
export interface PixelWindow {
  readonly x0: number;
  readonly y0: number;
  readonly nx: number;
  readonly ny: number;
}

/** Consecutive records of a list. */
export interface RecordRange {
  readonly first: number;
  readonly count: number;
}

/** Neighbouring tiles whose input pixels lie in one window. */
export interface TileBatch {
  readonly fast: RecordRange;
  readonly general: RecordRange;
  readonly window: PixelWindow;
  /** First and last column that some tile reads, two a row of the window; empty where the second is smaller. */
  readonly spans: Int32Array;
}

/** Inclusive limits of the input pixels that a tile or some tiles read. */
type Box = [left: number, right: number, bottom: number, top: number];

interface Unit {
  readonly fast: RecordRange;
  readonly general: RecordRange;
  readonly box: Box;
}

const NONE: RecordRange = { first: 0, count: 0 };

/**
 * The tiles of rows y0 <= y < y0 + ny of the output in batches, in order, so that each one's window of an image of `shape` = [ny, nx]
 * has at most `mostPixels` pixels, or is that of a single tile: whole rows of tiles where these fit, else parts of a row.
 */
export function tileBatches(
  tables: TileTables,
  y0: number,
  ny: number,
  shape: readonly [number, number],
  mostPixels: number,
): TileBatch[] {
  const reader = new BoxReader(tables, shape);
  const batches: Unit[] = [];
  for (const unit of unitsOf(reader, y0, ny, mostPixels)) {
    const last = batches.at(-1);
    const joined = last && union(last.box, unit.box);
    if (last && joined && areaOf(joined) <= mostPixels)
      batches[batches.length - 1] = {
        fast: append(last.fast, unit.fast),
        general: append(last.general, unit.general),
        box: joined,
      };
    else batches.push(unit);
  }
  return batches.map(({ fast, general, box }) => {
    const [left, right, bottom, top] = box;
    const window = { x0: left, y0: bottom, nx: right - left + 1, ny: top - bottom + 1 };
    return { fast, general, window, spans: reader.spans(window, fast, general) };
  });
}

/** The rows of an image of `shape` = [ny, nx] that the tiles of rows y0 <= y < y0 + ny of the output read; `ny` 0: none. */
export function rowsRead(
  tables: TileTables,
  y0: number,
  ny: number,
  shape: readonly [number, number],
): { y0: number; ny: number } {
  const reader = new BoxReader(tables, shape);
  const ranges = (["fast", "general"] as const).map((which) =>
    reader.boxOf(which, recordsIn(tables[which], tables.tile, y0, ny)),
  );
  const [, , bottom, top] = union(ranges[0], ranges[1]);
  return top < bottom ? { y0: 0, ny: 0 } : { y0: bottom, ny: top - bottom + 1 };
}

/** Rows of tiles with their boxes, those of too large a box tile by tile. */
function* unitsOf(reader: BoxReader, y0: number, ny: number, mostPixels: number): Generator<Unit> {
  const { tile, fast, general } = reader.tables;
  for (let y = y0 - (y0 % tile); y < y0 + ny; y += tile) {
    const ranges = { fast: recordsIn(fast, tile, y, 1), general: recordsIn(general, tile, y, 1) };
    const box = union(reader.boxOf("fast", ranges.fast), reader.boxOf("general", ranges.general));
    if (areaOf(box) <= 0) continue;
    if (areaOf(box) <= mostPixels) yield { ...ranges, box };
    else yield* reader.tilesOf(ranges.fast, ranges.general);
  }
}

function append(a: RecordRange, b: RecordRange): RecordRange {
  if (b.count === 0) return a;
  return a.count === 0 ? b : { first: a.first, count: b.first + b.count - a.first };
}

function union(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.max(a[3], b[3])];
}

function areaOf([left, right, bottom, top]: Box): number {
  return right < left || top < bottom ? 0 : (right - left + 1) * (top - bottom + 1);
}

/** Reads from records which input pixels their tiles read, as fast.wgsl, general.wgsl and spread.wgsl do. */
class BoxReader {
  private readonly floats: { readonly fast: Float32Array; readonly general: Float32Array };

  constructor(
    readonly tables: TileTables,
    private readonly shape: readonly [number, number],
  ) {
    const view = ({ words }: TileList): Float32Array =>
      new Float32Array(words.buffer, words.byteOffset, words.length);
    this.floats = { fast: view(tables.fast), general: view(tables.general) };
  }

  boxOf(which: "fast" | "general", { first, count }: RecordRange): Box {
    let box: Box = [Infinity, -Infinity, Infinity, -Infinity];
    for (let record = first; record < first + count; record++) box = union(box, this.box(which, record));
    return box;
  }

  /** Records of both lists one by one, from left to right. */
  *tilesOf(fast: RecordRange, general: RecordRange): Generator<Unit> {
    let f = fast.first;
    let g = general.first;
    while (f < fast.first + fast.count || g < general.first + general.count) {
      const isFast =
        g >= general.first + general.count ||
        (f < fast.first + fast.count &&
          tileColumn(this.tables.fast, f, true) < tileColumn(this.tables.general, g, false));
      const which = isFast ? "fast" : "general";
      const range = { first: isFast ? f++ : g++, count: 1 };
      const box = this.boxOf(which, range);
      if (areaOf(box) > 0) yield { fast: isFast ? range : NONE, general: isFast ? NONE : range, box };
    }
  }

  spans({ x0, y0, nx, ny }: PixelWindow, fast: RecordRange, general: RecordRange): Int32Array {
    const spans = Int32Array.from({ length: 2 * ny }, (_, k) => (k & 1 ? x0 - 1 : x0 + nx));
    const include = (which: "fast" | "general", { first, count }: RecordRange): void => {
      for (let record = first; record < first + count; record++) {
        const [left, right, bottom, top] = this.box(which, record);
        for (let k = 2 * (bottom - y0); k <= 2 * (top - y0); k += 2) {
          if (left < spans[k]) spans[k] = left;
          if (right > spans[k + 1]) spans[k + 1] = right;
        }
      }
    };
    include("fast", fast);
    include("general", general);
    return spans;
  }

  private box(which: "fast" | "general", record: number): Box {
    const { words } = this.tables[which];
    const f = this.floats[which];
    const at = record * TILE_WORDS;
    const half = this.tables.tile / 2 - 0.5;
    const [ny, nx] = this.shape;
    // the tile's preimage, relative to vertex or pixel (I, J)
    const u = f[at + 11] * -f[at + 18] + f[at + 15] * -f[at + 19];
    const v = f[at + 16] * -f[at + 18] + f[at + 17] * -f[at + 19];
    const ru = half * (Math.abs(f[at + 11]) + Math.abs(f[at + 15]));
    const rv = half * (Math.abs(f[at + 16]) + Math.abs(f[at + 17]));
    const I = words[at + 2];
    const J = words[at + 3];
    let box: Box;
    if (which === "general")
      box = [
        I + u - ru - f[at + 20],
        I + u + ru + f[at + 20],
        J + v - rv - f[at + 21],
        J + v + rv + f[at + 21],
      ];
    else {
      const flags = words[at + 23];
      const [a, b] = [flags & 2 ? u : -u, flags & 4 ? v : -v];
      // the pixels on either side of the nearest vertex, to within a half
      const [i, ri, j, rj] = flags & 1 ? [a, ru, b, rv] : [b, rv, a, ru];
      box = [I + i - ri - 1.5, I + i + ri + 0.5, J + j - rj - 1.5, J + j + rj + 0.5];
    }
    return [
      Math.max(0, Math.floor(box[0])),
      Math.min(nx - 1, Math.ceil(box[1])),
      Math.max(0, Math.floor(box[2])),
      Math.min(ny - 1, Math.ceil(box[3])),
    ];
  }
}
