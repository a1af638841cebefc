/** 32-bit words of one tile's record in either table. */
export const TILE_WORDS = 24;
/** Fixed-point bits after the point, less where input pixels are so large that a distance would not fit into 32 bits. */
const FRACTION_BITS = 26;

/** `size`: output pixels that one input pixel spans; `radius`: of a kernel, output pixels. */
export function fractionBitsFor(size: number, radius = 0): number {
  return FRACTION_BITS - Math.max(0, Math.ceil(Math.log2(Math.max(size / 8, radius / 12))));
}

/** Tiles of the output that an input image reaches, and how its grid lies in each of them. */
export interface TileTables {
  /** Side of a tile, output pixels; tile (tx, ty) starts at output pixel (tx * tile, ty * tile). */
  readonly tile: number;
  /** Positions are fixed-point integers in units of 2^-fractionBits output pixel, modulo 2^32. */
  readonly fractionBits: number;
  /** Records for the fast kernel: pixfrac 1, each output pixel within the four cells around one grid vertex. */
  readonly fast: TileList;
  /** Records for the general kernel: the other tiles. */
  readonly general: TileList;
  /** The general kernel must read the map pixel by pixel: the map is not smooth enough for a quadratic a tile. */
  readonly mapped: boolean;
}

/** Records in the order of their tiles, row by row; `rows[k]`: the first record of tile row k, `rows[rows.length - 1]` the count. */
export interface TileList {
  readonly words: Int32Array;
  readonly rows: Int32Array;
}

/** The records of the tiles that touch rows y0 <= y < y0 + ny. */
export function recordsIn(
  { rows }: TileList,
  tile: number,
  y0: number,
  ny: number,
): { first: number; count: number } {
  const first = rows[Math.floor(y0 / tile)];
  const last = rows[Math.min(rows.length - 1, Math.ceil((y0 + ny) / tile))];
  return { first, count: last - first };
}

/** The column of a record's tile, as fast.wgsl and general.wgsl read it. */
export function tileColumn({ words }: TileList, record: number, isFast: boolean): number {
  const at = TILE_WORDS * record;
  return isFast ? (words[at + 23] >> 3) & 0x3fff : words[at + 22];
}

/** Collects records in tile order. */
export class ListBuilder {
  private words = new Int32Array(1024 * TILE_WORDS);
  private count = 0;
  private readonly perRow: Int32Array;

  constructor(rows: number) {
    this.perRow = new Int32Array(rows + 1);
  }

  /** Append a record in tile row `ty`; rows come in ascending order. */
  add(ty: number, record: Int32Array): void {
    const at = this.count++ * TILE_WORDS;
    if (at + TILE_WORDS > this.words.length) {
      const grown = new Int32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    this.perRow[ty + 1]++;
    this.words.set(record, at);
  }

  done(): TileList {
    for (let k = 1; k < this.perRow.length; k++) this.perRow[k] += this.perRow[k - 1];
    return { words: this.words.slice(0, this.count * TILE_WORDS), rows: this.perRow };
  }
}
