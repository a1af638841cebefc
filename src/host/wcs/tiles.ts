import { UserError } from "../errors.js";
import type { PixelMap } from "./pixmap.js";
import { type Quadratic, TileModel, windowOf } from "./tile_model.js";

/** 32-bit words of one tile's record in either table. */
export const TILE_WORDS = 24;
const LARGEST_TILE = 32;
const SMALLEST_TILE = 8;
/** Output pixels by which a tile's quadratic may miss the map: areas are then good to a few 1e-6. */
const MODEL_TOLERANCE = 2e-6;
/** Fixed-point bits after the point, less where input pixels are so large that a distance would not fit into 32 bits. */
const FRACTION_BITS = 26;

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

/**
 * The tile tables of `map` into an output of `outShape` = [ny, nx]. They cover the whole output, so that any band of it is
 * computed from the same records. `fast` false: all tiles go to the general kernel.
 * Throws UserError where the map folds over or collapses, which no gather can follow.
 */
export function tileTables(
  map: PixelMap,
  outShape: readonly [number, number],
  { pixfrac, fast = true }: { pixfrac: number; fast?: boolean },
): TileTables {
  const { x0, x1, y0, y1 } = map.section;
  const narrow = x1 - x0 < 2 || y1 - y0 < 2;
  const affine = affineOf(map);
  for (let tile = LARGEST_TILE; !narrow && !map.holes && tile >= SMALLEST_TILE; tile /= 2) {
    const found = build(map, outShape, affine, { tile, pixfrac, fast, mapped: false });
    if (found) return found;
  }
  return build(map, outShape, affine, { tile: LARGEST_TILE / 2, pixfrac, fast: false, mapped: true })!;
}

interface BuildOptions {
  readonly tile: number;
  readonly pixfrac: number;
  readonly fast: boolean;
  readonly mapped: boolean;
}

/** Undefined where some tile's quadratic misses the map by more than the tolerance. */
function build(
  map: PixelMap,
  [ny, nx]: readonly [number, number],
  affine: Affine,
  { tile, pixfrac, fast, mapped }: BuildOptions,
): TileTables | undefined {
  const fractionBits = FRACTION_BITS - Math.max(0, Math.ceil(Math.log2(affine.size / 8)));
  const rowCount = Math.ceil(ny / tile);
  const lists = { fast: new ListBuilder(rowCount), general: new ListBuilder(rowCount) };
  const model = new TileModel(map, tile, fractionBits);
  const bounds = reach(map, affine.size + 2, tile, [ny, nx]);
  for (let ty = bounds.y0; ty <= bounds.y1; ty++) {
    for (let tx = bounds.x0; tx <= bounds.x1; tx++) {
      const cx = tx * tile + tile / 2 - 0.5;
      const cy = ty * tile + tile / 2 - 0.5;
      const [u, v] = inversePoint(map, affine, cx, cy);
      const window = windowOf(map, u, v, tile, affine.inverse);
      if (!window) continue;
      const quadratic = model.fit(window, cx, cy);
      if (!mapped && model.residual(quadratic, window, cx, cy) > MODEL_TOLERANCE) return undefined;
      if (fast && pixfrac === 1 && model.isFast(quadratic, window))
        model.writeFast(quadratic, window, lists.fast.next(ty), tx, ty);
      else {
        const rough = mapped ? model.roughness(quadratic, window, cx, cy) : 0;
        model.writeGeneral(quadratic, window, lists.general.next(ty), tx, ty, pixfrac / 2, rough);
      }
    }
  }
  return { tile, fractionBits, fast: lists.fast.done(), general: lists.general.done(), mapped };
}

class ListBuilder {
  private words = new Int32Array(1024 * TILE_WORDS);
  private count = 0;
  private readonly perRow: Int32Array;

  constructor(rows: number) {
    this.perRow = new Int32Array(rows + 1);
  }

  /** The words of a new record in tile row `ty`; rows come in ascending order. */
  next(ty: number): Int32Array {
    if ((this.count + 1) * TILE_WORDS > this.words.length) {
      const grown = new Int32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    this.perRow[ty + 1]++;
    return this.words.subarray(this.count * TILE_WORDS, ++this.count * TILE_WORDS);
  }

  done(): TileList {
    for (let k = 1; k < this.perRow.length; k++) this.perRow[k] += this.perRow[k - 1];
    return { words: this.words.slice(0, this.count * TILE_WORDS), rows: this.perRow };
  }
}

/** The map near the middle of its section. `inverse`: d(u, v)/d(x, y) by rows; `size`: output pixels that one input pixel spans. */
interface Affine {
  readonly u: number;
  readonly v: number;
  readonly x: number;
  readonly y: number;
  readonly inverse: readonly [number, number, number, number];
  readonly size: number;
}

function affineOf(map: PixelMap): Affine {
  const { x0, x1, y0, y1 } = map.section;
  const u = (x0 + x1) / 2;
  const v = (y0 + y1) / 2;
  const q = jacobian(map, u, v);
  const size = Math.max(Math.abs(q.xu) + Math.abs(q.xv), Math.abs(q.yu) + Math.abs(q.yv));
  return { u, v, x: q.x, y: q.y, inverse: invert(q), size };
}

type Jacobian = Pick<Quadratic, "x" | "xu" | "xv" | "y" | "yu" | "yv">;
const here = [0, 0];
const there = [0, 0];

function jacobian(map: PixelMap, u: number, v: number): Jacobian {
  map.at(u + 0.5, v, here);
  map.at(u - 0.5, v, there);
  const xu = here[0] - there[0];
  const yu = here[1] - there[1];
  map.at(u, v + 0.5, here);
  map.at(u, v - 0.5, there);
  const xv = here[0] - there[0];
  const yv = here[1] - there[1];
  map.at(u, v, here);
  return { x: here[0], y: here[1], xu, xv, yu, yv };
}

function invert({ xu, xv, yu, yv }: Jacobian): [number, number, number, number] {
  const det = xu * yv - xv * yu;
  if (!(Math.abs(det) > 1e-9))
    throw new UserError("the pixel map collapses onto a line or a point; check the WCS of the image");
  return [yv / det, -xv / det, -yu / det, xu / det];
}

/** Input position of an output point by Newton's method from the same start for every tile. */
function inversePoint(map: PixelMap, affine: Affine, x: number, y: number): [number, number] {
  const { inverse } = affine;
  let u = affine.u + inverse[0] * (x - affine.x) + inverse[1] * (y - affine.y);
  let v = affine.v + inverse[2] * (x - affine.x) + inverse[3] * (y - affine.y);
  for (let iteration = 0; iteration < 30; iteration++) {
    const q = jacobian(map, u, v);
    const [a, b, c, d] = invert(q);
    const du = a * (x - q.x) + b * (y - q.y);
    const dv = c * (x - q.x) + d * (y - q.y);
    u += du;
    v += dv;
    if (Math.abs(du) < 0.01 && Math.abs(dv) < 0.01) break;
  }
  return [u, v];
}

/** Tiles within the bounding box of the mapped outline; none where y1 < y0. */
function reach(
  map: PixelMap,
  margin: number,
  tile: number,
  [ny, nx]: readonly [number, number],
): { x0: number; x1: number; y0: number; y1: number } {
  const { x0, x1, y0, y1 } = map.section;
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  const steps = 64;
  const include = (x: number, y: number): void => {
    map.at(x, y, here);
    left = Math.min(left, here[0]);
    right = Math.max(right, here[0]);
    bottom = Math.min(bottom, here[1]);
    top = Math.max(top, here[1]);
  };
  for (let k = 0; k <= steps; k++) {
    const x = x0 - 0.5 + ((x1 - x0 + 1) * k) / steps;
    const y = y0 - 0.5 + ((y1 - y0 + 1) * k) / steps;
    include(x, y0 - 0.5);
    include(x, y1 + 0.5);
    include(x0 - 0.5, y);
    include(x1 + 0.5, y);
  }
  const slack = margin + tile / 2;
  return {
    x0: Math.max(0, Math.floor((left - slack) / tile)),
    x1: Math.min(Math.ceil(nx / tile) - 1, Math.floor((right + slack) / tile)),
    y0: Math.max(0, Math.floor((bottom - slack) / tile)),
    y1: Math.min(Math.ceil(ny / tile) - 1, Math.floor((top + slack) / tile)),
  };
}
