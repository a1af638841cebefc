import { tileColumn } from "../host/wcs/tiles.js";
import type { Window } from "./context.js";
import type { ExposureGeometry } from "./drizzle.js";

/** The part of a grid of [ny, nx] pixels that exposures reach, in whole tiles; of no rows where they reach none. */
export function footprintOf(
  geometries: readonly ExposureGeometry[],
  [ny, nx]: readonly [number, number],
): Window {
  let [left, right, first, end] = [nx, 0, ny, 0];
  for (const { tables } of geometries) {
    const { tile } = tables;
    for (const list of [tables.fast, tables.general]) {
      const { rows } = list;
      const count = rows[rows.length - 1];
      if (count === 0) continue;
      first = Math.min(first, tile * (rows.findIndex((before) => before > 0) - 1));
      end = Math.max(end, tile * rows.indexOf(count));
      const isFast = list === tables.fast;
      for (let k = 0; k < count; k++) {
        const x = tile * tileColumn(list, k, isFast);
        left = Math.min(left, x);
        right = Math.max(right, x + tile);
      }
    }
  }
  if (first >= end) return { x0: 0, nx: 0, y0: 0, ny: 0 };
  return { x0: left, nx: Math.min(right, nx) - left, y0: first, ny: Math.min(end, ny) - first };
}

/** The smallest window that holds both. */
export function joined(a: Window, b: Window): Window {
  if (a.ny === 0 || b.ny === 0) return a.ny === 0 ? b : a;
  const [x0, y0] = [Math.min(a.x0, b.x0), Math.min(a.y0, b.y0)];
  const [right, end] = [Math.max(a.x0 + a.nx, b.x0 + b.nx), Math.max(a.y0 + a.ny, b.y0 + b.ny)];
  return { x0, nx: right - x0, y0, ny: end - y0 };
}

/** A window with `margin` more pixels each side, as far as the grid of [ny, nx] pixels goes. */
export function widened(
  { x0, y0, ...size }: Window,
  margin: number,
  [ny, nx]: readonly [number, number],
): Window {
  const [left, first] = [Math.max(0, x0 - margin), Math.max(0, y0 - margin)];
  const [right, end] = [Math.min(nx, x0 + size.nx + margin), Math.min(ny, y0 + size.ny + margin)];
  return { x0: left, nx: right - left, y0: first, ny: end - first };
}
