import type { BlotTiles } from "./blot_tiles.js";

/** What blot and the comparison with it have to do, as their kernels read it. */
export interface BlotSpans {
  /**
   * Four words for each strip of rows: the first quad of pixels that may have a place in the median image and the end of such quads,
   * then the same of all pixels that these and their neighbours read. Both are empty where there is none.
   */
  readonly table: Uint32Array;
  /** Quads of the longest run. */
  readonly longest: number;
}

type Box = readonly [low: number, high: number];

/** Beyond what f32 adds to a place; pixels of the median image. */
const MARGIN = 0.01;

/**
 * The quads of each strip of `rows` rows of an exposure, [nx, ny] pixels, that may lie in an image of `shape` [ny, nx]: those of the
 * tiles whose polynomials reach it. `everywhere`: all of them.
 */
export function blotSpans(
  tiles: BlotTiles,
  [nx, ny]: readonly [number, number],
  rows: number,
  shape: readonly [number, number],
  everywhere = false,
): BlotSpans {
  const pitch = Math.ceil(nx / 4);
  const strips = Math.ceil(ny / rows);
  const own: Box[] = Array.from({ length: strips }, () => (everywhere ? [0, pitch] : NONE));
  if (!everywhere)
    for (let ty = 0; ty < tiles.tiles[1]; ty++)
      for (let tx = 0; tx < tiles.tiles[0]; tx++) {
        if (!reaches(tiles, ty * tiles.tiles[0] + tx, shape)) continue;
        const [left, right] = pixelsOf(tiles, 0, tx, nx);
        const [bottom, top] = pixelsOf(tiles, 1, ty, ny);
        for (let strip = Math.floor(bottom / rows); strip * rows < top; strip++)
          own[strip] = union(own[strip], [left >> 2, Math.ceil(right / 4)]);
      }
  const table = new Uint32Array(4 * strips);
  let longest = 0;
  own.forEach((span, strip) => {
    const [first, end] = union(union(own[strip - 1] ?? NONE, span), own[strip + 1] ?? NONE);
    const read = first < end ? [Math.max(0, first - 1), Math.min(pitch, end + 1)] : NONE;
    longest = Math.max(longest, read[1] - read[0]);
    table.set([...span, ...read], 4 * strip);
  });
  return { table, longest };
}

const NONE: Box = [0, 0];

function union(a: Box, b: Box): Box {
  if (a[0] === a[1]) return b;
  if (b[0] === b[1]) return a;
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}

/** First pixel of a tile and the one after its last; those of maps in pieces may share some. */
function pixelsOf({ aligned, inside, step }: BlotTiles, axis: 0 | 1, tile: number, size: number): Box {
  if (aligned) return [32 * tile, Math.min(size, 32 * tile + 32)];
  const first = (axis === 0 ? inside.x0 : inside.y0) + tile * step[axis];
  return [Math.max(0, Math.floor(first) - 1), Math.min(size, Math.ceil(first + step[axis]) + 2)];
}

/** Whether a tile's polynomials, of powers of numbers between -1 and 1, may give a place in the image. */
function reaches({ table }: BlotTiles, tile: number, shape: readonly [number, number]): boolean {
  const bases = new Int32Array(table.buffer, table.byteOffset);
  const at = 36 * tile;
  return ([0, 1] as const).every((axis) => {
    const start = at + 4 + 16 * axis;
    const middle = bases[at + axis] + table[start];
    let reach = MARGIN;
    for (let k = 1; k < 16; k++) reach += Math.abs(table[start + k]);
    return middle + reach >= 0 && middle - reach < shape[1 - axis];
  });
}
