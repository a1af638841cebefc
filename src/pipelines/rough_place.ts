import type { Band, Window } from "./context.js";
import type { Exposure } from "./exposure.js";
import type { MosaicGrid } from "./mosaic_grid.js";

/** Parts that an exposure's sides are cut into. */
const CELLS = 32;
/** Rows more than lie there by these parts: drizzle reads some about the edges. */
const EDGE_ROWS = 16;

const places = new WeakMap<Exposure, { readonly grid: MosaicGrid; readonly place: RoughPlace }>();

/**
 * About where an exposure lies in a grid, from a few of its pixels, long before its geometry is known: for what results do not depend
 * on, as what is read ahead.
 */
export class RoughPlace {
  /** Of each cell of the exposure, row by row: first and last column and row of the grid; NaN where it has no place. */
  private readonly boxes: Float64Array;

  private constructor(
    private readonly ny: number,
    x: Float64Array,
    y: Float64Array,
  ) {
    this.boxes = new Float64Array(4 * CELLS * CELLS);
    for (let j = 0, k = 0; j < CELLS; j++)
      for (let i = 0; i < CELLS; i++, k += 4) {
        const at = j * (CELLS + 1) + i;
        const corners = [at, at + 1, at + CELLS + 1, at + CELLS + 2];
        const [xs, ys] = [x, y].map((values) => corners.map((corner) => values[corner]));
        this.boxes.set([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)], k);
      }
  }

  static of(exposure: Exposure, grid: MosaicGrid): RoughPlace {
    const known = places.get(exposure);
    if (known?.grid === grid) return known.place;
    const { nx, ny } = exposure;
    const count = (CELLS + 1) ** 2;
    const xs = Float64Array.from({ length: count }, (_, k) => ((k % (CELLS + 1)) / CELLS) * (nx - 1));
    const ys = Float64Array.from(
      { length: count },
      (_, k) => (Math.floor(k / (CELLS + 1)) / CELLS) * (ny - 1),
    );
    const { ra, dec } = exposure.wcs.forwardMany(xs, ys);
    const { x, y } = grid.wcs.inverseMany(ra, dec);
    const place = new RoughPlace(ny, x, y);
    places.set(exposure, { grid, place });
    return place;
  }

  /** The part of a grid of [ny, nx] pixels that it reaches; of no rows where it reaches none. */
  window([ny, nx]: readonly [number, number]): Window {
    let [left, right, first, end] = [nx, 0, ny, 0];
    for (let k = 0; k < this.boxes.length; k += 4) {
      const [x0, x1, y0, y1] = this.boxes.subarray(k, k + 4);
      if (!(x1 >= 0 && x0 < nx && y1 >= 0 && y0 < ny)) continue;
      [left, right] = [Math.min(left, Math.max(0, x0)), Math.max(right, Math.min(nx, x1 + 1))];
      [first, end] = [Math.min(first, Math.max(0, y0)), Math.max(end, Math.min(ny, y1 + 1))];
    }
    if (first >= end) return { x0: 0, nx: 0, y0: 0, ny: 0 };
    const [x, y] = [Math.floor(left), Math.floor(first)];
    return { x0: x, nx: Math.ceil(right) - x, y0: y, ny: Math.ceil(end) - y };
  }

  /** More rows than lie in a part of the grid, for a smooth WCS certainly: a cell more each side; all of them where some have no place. */
  rowsNear(part: Window): Band | undefined {
    if (this.boxes.some(Number.isNaN)) return undefined;
    const { y0, ny } = this.rowsUnder(part);
    const more = Math.ceil(this.ny / CELLS) + 1;
    const [first, end] = [Math.max(0, y0 - more), Math.min(this.ny, y0 + ny + more)];
    return { y0: first, ny: ny === 0 ? 0 : end - first };
  }

  /** Its rows that lie in a part of the grid; `ny` 0: none. */
  rowsUnder({ x0, nx, y0, ny }: Window): Band {
    let [first, end] = [CELLS, 0];
    for (let k = 0; k < this.boxes.length; k += 4) {
      const [left, right, bottom, top] = this.boxes.subarray(k, k + 4);
      if (!(right >= x0 && left < x0 + nx && top >= y0 && bottom < y0 + ny)) continue;
      const row = Math.floor(k / (4 * CELLS));
      [first, end] = [Math.min(first, row), Math.max(end, row + 1)];
    }
    if (first >= end) return { y0: 0, ny: 0 };
    const [low, high] = [first, end].map((row) => (row / CELLS) * (this.ny - 1));
    const start = Math.max(0, Math.floor(low) - EDGE_ROWS);
    return { y0: start, ny: Math.min(this.ny, Math.ceil(high) + 1 + EDGE_ROWS) - start };
  }
}
