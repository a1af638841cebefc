import { UserError } from "../errors.js";
import type { PixelMap } from "./pixmap.js";
import { roughTiles } from "./rough_tiles.js";
import { fractionBitsFor, ListBuilder, type TileTables } from "./tile_list.js";
import { TileModel, windowOf } from "./tile_model.js";

export { recordsIn, TILE_WORDS, tileColumn, type TileList, type TileTables } from "./tile_list.js";

export const LARGEST_TILE = 32;
const SMALLEST_TILE = 8;
/** Output pixels by which a tile's quadratic may miss the map: areas are then good to a few 1e-6. */
const MODEL_TOLERANCE = 2e-6;
/** Output pixels squared an input pixel: less is no area. */
const COLLAPSED = 1e-9;

/**
 * The tile tables of `map` into an output of `outShape` = [ny, nx]. They cover the whole output, so that any band of it is
 * computed from the same records. `fast` false: all tiles go to the general kernel. `radius`: output pixels, along x and y, from an
 * output pixel's centre to the farthest input pixel (shrunken to `pixfrac`) that matters to it; 0.5 for what overlaps it.
 * Maps that no quadratic of the smallest tile follows are left to the pixel map itself (`mapped`).
 * Throws UserError where the map collapses or jumps, which no gather can follow.
 */
export function tileTables(
  map: PixelMap,
  outShape: readonly [number, number],
  { pixfrac, fast = true, radius = 0.5 }: { pixfrac: number; fast?: boolean; radius?: number },
): TileTables {
  const { x0, x1, y0, y1 } = map.section;
  const narrow = x1 - x0 < 2 || y1 - y0 < 2;
  if (!narrow && !map.holes) {
    const affine = affineOf(map);
    for (let tile = LARGEST_TILE; tile >= SMALLEST_TILE; tile /= 2) {
      const found = build(map, outShape, affine, { tile, pixfrac, fast, radius });
      if (found) return found;
    }
  }
  return roughTiles(map, outShape, { pixfrac, radius });
}

interface BuildOptions {
  readonly tile: number;
  readonly pixfrac: number;
  readonly fast: boolean;
  readonly radius: number;
}

/** Undefined where some tile's quadratic misses the map by more than the tolerance, or its place is not found. */
function build(
  map: PixelMap,
  [ny, nx]: readonly [number, number],
  affine: Affine,
  { tile, pixfrac, fast, radius }: BuildOptions,
): TileTables | undefined {
  const fractionBits = fractionBitsFor(affine.size, radius);
  const rowCount = Math.ceil(ny / tile);
  const lists = { fast: new ListBuilder(rowCount), general: new ListBuilder(rowCount) };
  const model = new TileModel(map, tile, fractionBits);
  const bounds = reach(map, affine.size + 1.5 + radius, tile, [ny, nx]);
  for (let ty = bounds.y0; ty <= bounds.y1; ty++) {
    for (let tx = bounds.x0; tx <= bounds.x1; tx++) {
      const cx = tx * tile + tile / 2 - 0.5;
      const cy = ty * tile + tile / 2 - 0.5;
      const found = inversePoint(map, affine, cx, cy);
      if (!found) return undefined;
      const [u, v] = found;
      const window = windowOf(map, u, v, tile - 1 + 2 * radius, affine.inverse);
      if (!window) continue;
      const quadratic = model.fit(window, cx, cy);
      if (model.residual(quadratic, window, cx, cy) > MODEL_TOLERANCE) return undefined;
      if (fast && pixfrac === 1 && model.isFast(quadratic, window))
        lists.fast.add(ty, model.fastRecord(quadratic, window, tx, ty));
      else
        lists.general.add(ty, model.generalRecord(quadratic, window, tx, ty, { half: pixfrac / 2, radius }));
    }
  }
  return { tile, fractionBits, fast: lists.fast.done(), general: lists.general.done(), mapped: false };
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
  map.slopes(u, v, slopes);
  const [x, xu, xv, y, yu, yv] = slopes;
  const size = Math.max(Math.abs(xu) + Math.abs(xv), Math.abs(yu) + Math.abs(yv));
  return { u, v, x, y, inverse: invert(slopes), size };
}

const here = [0, 0];
/** x, dx/du, dx/dv, y, dy/du, dy/dv */
const slopes = new Float64Array(6);

function invert([, xu, xv, , yu, yv]: Float64Array): [number, number, number, number] {
  const det = xu * yv - xv * yu;
  if (!(Math.abs(det) > COLLAPSED))
    throw new UserError("the pixel map collapses onto a line or a point; check the WCS of the image");
  return [yv / det, -xv / det, -yu / det, xu / det];
}

/** Input position of an output point by Newton's method, from a start that depends on the point alone; undefined where it fails. */
function inversePoint(map: PixelMap, affine: Affine, x: number, y: number): [number, number] | undefined {
  const { inverse } = affine;
  let u = affine.u + inverse[0] * (x - affine.x) + inverse[1] * (y - affine.y);
  let v = affine.v + inverse[2] * (x - affine.x) + inverse[3] * (y - affine.y);
  for (let iteration = 0; iteration < 30; iteration++) {
    map.slopes(u, v, slopes);
    const xu = slopes[1];
    const xv = slopes[2];
    const yu = slopes[4];
    const yv = slopes[5];
    const det = xu * yv - xv * yu;
    if (!(Math.abs(det) > COLLAPSED)) return undefined;
    const dx = x - slopes[0];
    const dy = y - slopes[3];
    const du = (yv * dx - xv * dy) / det;
    const dv = (xu * dy - yu * dx) / det;
    u += du;
    v += dv;
    if (Math.abs(du) < 0.01 && Math.abs(dv) < 0.01) return [u, v];
  }
  return undefined;
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
