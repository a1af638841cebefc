import { UserError } from "../errors.js";
import type { PixelMap } from "./pixmap.js";
import { type Quadratic, TileModel, type Window } from "./tile_model.js";
import { fractionBitsFor, ListBuilder, type TileTables } from "./tile_list.js";

const TILE = 16;
const FARTHEST = 24; // output pixels; fixed-point distances are unambiguous to 32

/**
 * Tile tables for a map that is not smooth: each tile's input pixels are found by looking at all of them, and its record
 * holds the affine map nearest to theirs, with a reach that allows for what they differ by.
 * Throws UserError where neighbouring pixels lie so far apart that the map cannot be followed.
 */
export function roughTiles(
  map: PixelMap,
  [ny, nx]: readonly [number, number],
  { pixfrac, radius }: { pixfrac: number; radius: number },
): TileTables {
  const { columns, rows, boxes } = binned(map, ny, nx, radius);
  const all = affineThrough(map, map.section);
  if (!all) throw new UserError("the pixel map has too few pixels with a position, or they lie on a line");
  const size = Math.max(Math.abs(all.xu) + Math.abs(all.xv), Math.abs(all.yu) + Math.abs(all.yv));
  const fractionBits = fractionBitsFor(size, radius);
  const model = new TileModel(map, TILE, fractionBits);
  const general = new ListBuilder(rows);
  for (let ty = 0; ty < rows; ty++) {
    for (let tx = 0; tx < columns; tx++) {
      const [u0, u1, v0, v1] = boxes.subarray(4 * (ty * columns + tx), 4 * (ty * columns + tx) + 4);
      if (u0 > u1) continue;
      const cx = tx * TILE + TILE / 2 - 0.5;
      const cy = ty * TILE + TILE / 2 - 0.5;
      const local = affineThrough(map, { x0: u0, x1: u1, y0: v0, y1: v1 });
      const q = relative(local ?? all, cx, cy);
      const det = q.xu * q.yv - q.xv * q.yu;
      const u = q.u0 + (-q.x * q.yv + q.y * q.xv) / det;
      const v = q.v0 + (q.x * q.yu - q.y * q.xu) / det;
      const window: Window = { u, v, ru: u1 - u0 + 1, rv: v1 - v0 + 1, u0, u1, v0, v1 };
      const rough = model.roughness(q, window, cx, cy);
      if (!(2 * rough + 2 * radius - 1 < FARTHEST * 2 ** (26 - fractionBits)))
        throw new UserError(
          `the pixel map jumps by ${rough.toFixed(1)} pixels within a few pixels; check the WCS`,
        );
      // corners beyond the border are extrapolated, with weights up to (1.5)^2
      general.add(
        ty,
        model.generalRecord(q, window, tx, ty, { half: pixfrac / 2, radius, rough: 2 * rough }),
      );
    }
  }
  return {
    tile: TILE,
    fractionBits,
    fast: new ListBuilder(rows).done(),
    general: general.done(),
    mapped: true,
  };
}

/** For each tile the smallest box (u0, u1, v0, v1) around the input pixels that may reach it; u0 > u1: none. */
function binned(
  map: PixelMap,
  ny: number,
  nx: number,
  radius: number,
): { columns: number; rows: number; boxes: Int32Array } {
  const columns = Math.ceil(nx / TILE);
  const rows = Math.ceil(ny / TILE);
  const boxes = new Int32Array(4 * columns * rows);
  for (let k = 0; k < boxes.length; k += 4) boxes.set([2 ** 30, -1, 2 ** 30, -1], k);
  const { x0, x1, y0, y1 } = map.section;
  const here = [0, 0];
  const other = [0, 0];
  for (let j = y0; j <= y1; j++) {
    for (let i = x0; i <= x1; i++) {
      map.pixel(i, j, here);
      if (!Number.isFinite(here[0] + here[1])) continue;
      const [x, y] = here;
      let [ex, ey] = [0, 0];
      for (const [di, dj] of NEIGHBOURS) {
        map.pixel(i + di, j + dj, other);
        if (!Number.isFinite(other[0] + other[1])) continue;
        ex = Math.max(ex, Math.abs(other[0] - x));
        ey = Math.max(ey, Math.abs(other[1] - y));
      }
      const left = Math.max(0, Math.floor((x - 1.5 * ex - radius) / TILE));
      const right = Math.min(columns - 1, Math.floor((x + 1.5 * ex + radius) / TILE));
      const bottom = Math.max(0, Math.floor((y - 1.5 * ey - radius) / TILE));
      const top = Math.min(rows - 1, Math.floor((y + 1.5 * ey + radius) / TILE));
      for (let ty = bottom; ty <= top; ty++) {
        for (let k = 4 * (ty * columns + left); k <= 4 * (ty * columns + right); k += 4) {
          boxes[k] = Math.min(boxes[k], i);
          boxes[k + 1] = Math.max(boxes[k + 1], i);
          boxes[k + 2] = Math.min(boxes[k + 2], j);
          boxes[k + 3] = Math.max(boxes[k + 3], j);
        }
      }
    }
  }
  return { columns, rows, boxes };
}

const NEIGHBOURS = [-1, 0, 1].flatMap((di) => [-1, 0, 1].map((dj) => [di, dj] as const));
const MOST_SAMPLES = 64; // a side

/** The affine map nearest (least squares) to the pixels of a box; undefined where they lie on a line. */
function affineThrough(map: PixelMap, { x0, x1, y0, y1 }: PixelMap["section"]): Quadratic | undefined {
  const stepU = Math.max(1, Math.floor((x1 - x0 + 1) / MOST_SAMPLES));
  const stepV = Math.max(1, Math.floor((y1 - y0 + 1) / MOST_SAMPLES));
  const u0 = (x0 + x1) / 2;
  const v0 = (y0 + y1) / 2;
  const at = [0, 0];
  const s = { n: 0, u: 0, v: 0, uu: 0, uv: 0, vv: 0, x: 0, xu: 0, xv: 0, y: 0, yu: 0, yv: 0 };
  for (let v = y0; v <= y1; v += stepV) {
    for (let u = x0; u <= x1; u += stepU) {
      map.pixel(u, v, at);
      if (!Number.isFinite(at[0] + at[1])) continue;
      const [a, b] = [u - u0, v - v0];
      s.n++;
      s.u += a;
      s.v += b;
      s.uu += a * a;
      s.uv += a * b;
      s.vv += b * b;
      s.x += at[0];
      s.xu += at[0] * a;
      s.xv += at[0] * b;
      s.y += at[1];
      s.yu += at[1] * a;
      s.yv += at[1] * b;
    }
  }
  const uu = s.uu - (s.u * s.u) / s.n;
  const uv = s.uv - (s.u * s.v) / s.n;
  const vv = s.vv - (s.v * s.v) / s.n;
  const det = uu * vv - uv * uv;
  if (!(s.n >= 3 && det > 1e-9 * (uu + vv))) return undefined;
  const fit = (f: number, fu: number, fv: number): [number, number, number] => {
    const cu = fu - (f * s.u) / s.n;
    const cv = fv - (f * s.v) / s.n;
    const along = (vv * cu - uv * cv) / det;
    const up = (uu * cv - uv * cu) / det;
    return [(f - along * s.u - up * s.v) / s.n, along, up];
  };
  const [x, xu, xv] = fit(s.x, s.xu, s.xv);
  const [y, yu, yv] = fit(s.y, s.yu, s.yv);
  if (!(Math.abs(xu * yv - xv * yu) > 1e-9)) return undefined;
  return { u0, v0, x, xu, xv, xuu: 0, xuv: 0, xvv: 0, y, yu, yv, yuu: 0, yuv: 0, yvv: 0 };
}

function relative(q: Quadratic, cx: number, cy: number): Quadratic {
  return { ...q, x: q.x - cx, y: q.y - cy };
}
