import { UserError } from "../errors.js";
import { GridSpline, type SplineOrder } from "../numerics/spline.js";
import type { BoundingBox } from "./wcs.js";

/** What a pixel map needs of a WCS; {@link Wcs} fits. */
export interface MapWcs {
  readonly boundingBox: BoundingBox | undefined;
  forwardMany(x: Float64Array, y: Float64Array): { ra: Float64Array; dec: Float64Array };
  inverseMany(ra: Float64Array, dec: Float64Array): { x: Float64Array; y: Float64Array };
}

/** Inclusive pixel limits within an image. */
export interface Section {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

/** Where the pixels of one image lie in another: 0-based pixel centres on both sides, f64. */
export interface PixelMap {
  readonly nx: number;
  readonly ny: number;
  /** Pixels that have a position; calc_pixmap leaves the others NaN. */
  readonly section: Section;
  /** Whether some pixel within the section has no position either. */
  readonly holes: boolean;
  /** Position of the centre of pixel (i, j), integers, into `out`; NaN where it has none. */
  pixel(i: number, j: number, out: Float64Array | number[]): void;
  /** Position of any point (x, y); smooth within the section, linear beyond it. */
  at(x: number, y: number, out: Float64Array | number[]): void;
  /** Positions of all points (xs[i], ys[j]), as at(), at j * xs.length + i. */
  grid(xs: Float64Array, ys: Float64Array): { x: Float64Array; y: Float64Array };
  /** The same with derivatives: x, dx/dx, dx/dy, y, dy/dx, dy/dy into `out`. */
  slopes(x: number, y: number, out: Float64Array | number[]): void;
}

export interface PixmapOptions {
  /** Step of the sparse grid, pixels; at most 1: the WCS is evaluated at each pixel. */
  readonly stepsize: number;
  /** Order of the spline through the sparse grid; of no effect for stepsize at most 1. */
  readonly order: SplineOrder;
}

/**
 * The map from pixels of `from` to pixels of `to`, as stcal 1.20 resample/utils.py calc_pixmap(from, to, shape, disable_bbox="to"):
 * splines through a grid of ceil(size / stepsize) points a side, at least 10 (or the size itself), over the pixels within the
 * bounding box of `from`; the WCS at each pixel where stepsize is 1 or less, no side exceeds 10 pixels or a grid point is not finite.
 * `shape` is [ny, nx]. Throws UserError for an order other than 1 or 3.
 */
export function calcPixmap(
  from: MapWcs,
  to: MapWcs,
  [ny, nx]: readonly [number, number],
  { stepsize, order }: PixmapOptions,
): PixelMap {
  const section = mappedSection([ny, nx], from.boundingBox);
  const width = section.x1 - section.x0 + 1;
  const height = section.y1 - section.y0 + 1;
  const evaluate = (x: Float64Array, y: Float64Array): { x: Float64Array; y: Float64Array } => {
    const { ra, dec } = from.forwardMany(x, y);
    return to.inverseMany(ra, dec);
  };
  if (width < 1 || height < 1)
    throw new UserError("the bounding box of the WCS holds no pixel of the image: no pixel map");
  if (stepsize > 1 && Math.max(width, height) > 10) {
    if (order !== 1 && order !== 3) throw new UserError(`pixmap_order is ${String(order)}; expected 1 or 3`);
    const points = (size: number): number => Math.max(Math.ceil(size / stepsize), Math.min(10, size));
    const xs = linspace(section.x0, section.x1, points(width));
    const ys = linspace(section.y0, section.y1, points(height));
    const grid = evaluate(...meshgrid(xs, ys));
    if (grid.x.every(Number.isFinite) && grid.y.every(Number.isFinite))
      return new SplineMap(nx, ny, section, new GridSpline(ys, xs, [grid.x, grid.y], order));
  }
  return fullMap(nx, ny, section, evaluate);
}

/** Pixels within a bounding box (inclusive), as calc_pixmap fills them. */
function mappedSection([ny, nx]: readonly [number, number], box: BoundingBox | undefined): Section {
  if (!box) return { x0: 0, x1: nx - 1, y0: 0, y1: ny - 1 };
  const [[x0, x1], [y0, y1]] = box;
  return {
    x0: Math.max(0, Math.ceil(x0)),
    x1: Math.min(nx - 1, Math.floor(x1)),
    y0: Math.max(0, Math.ceil(y0)),
    y1: Math.min(ny - 1, Math.floor(y1)),
  };
}

/** Pixels to be resampled, as stcal 1.20 resample/utils.py resample_range; `shape` is [ny, nx]. */
export function resampleRange([ny, nx]: readonly [number, number], box: BoundingBox | undefined): Section {
  if (!box) return { x0: 0, x1: Math.max(nx - 1, 0), y0: 0, y1: Math.max(ny - 1, 0) };
  const [[left, right], [bottom, top]] = box;
  const x0 = Math.max(0, Math.trunc(left + 0.5));
  const y0 = Math.max(0, Math.trunc(bottom + 0.5));
  return {
    x0,
    x1: Math.max(x0, Math.min(nx - 1, Math.trunc(right + 0.5))),
    y0,
    y1: Math.max(y0, Math.min(ny - 1, Math.trunc(top + 0.5))),
  };
}

/** numpy.linspace with its rounding. */
function linspace(start: number, stop: number, count: number): Float64Array {
  const step = (stop - start) / (count - 1);
  const values = Float64Array.from({ length: count }, (_, i) => start + i * step);
  if (count > 1) values[count - 1] = stop;
  else values[0] = start;
  return values;
}

function meshgrid(xs: Float64Array, ys: Float64Array): [Float64Array, Float64Array] {
  const n = xs.length;
  const x = new Float64Array(n * ys.length);
  const y = new Float64Array(n * ys.length);
  ys.forEach((value, j) => {
    x.set(xs, j * n);
    y.fill(value, j * n, (j + 1) * n);
  });
  return [x, y];
}

class SplineMap implements PixelMap {
  readonly holes = false;
  private readonly edge = new Float64Array(6);

  constructor(
    readonly nx: number,
    readonly ny: number,
    readonly section: Section,
    private readonly spline: GridSpline,
  ) {}

  pixel(i: number, j: number, out: Float64Array | number[]): void {
    if (within(this.section, i, j)) this.spline.at(i, j, out);
    else out[0] = out[1] = NaN;
  }

  at(x: number, y: number, out: Float64Array | number[]): void {
    const { x0, x1, y0, y1 } = this.section;
    if (x >= x0 && x <= x1 && y >= y0 && y <= y1) {
      this.spline.at(x, y, out);
      return;
    }
    this.slopes(x, y, this.edge);
    out[0] = this.edge[0];
    out[1] = this.edge[3];
  }

  grid(xs: Float64Array, ys: Float64Array): { x: Float64Array; y: Float64Array } {
    const { x0, x1, y0, y1 } = this.section;
    const inside = xs.every((x) => x >= x0 && x <= x1) && ys.every((y) => y >= y0 && y <= y1);
    if (!inside) return pointByPoint(this, xs, ys);
    const [x, y] = this.spline.grid(xs, ys);
    return { x, y };
  }

  slopes(x: number, y: number, out: Float64Array | number[]): void {
    const { x0, x1, y0, y1 } = this.section;
    const u = Math.min(Math.max(x, x0), x1);
    const v = Math.min(Math.max(y, y0), y1);
    this.spline.derivatives(u, v, out);
    out[0] += out[1] * (x - u) + out[2] * (y - v);
    out[3] += out[4] * (x - u) + out[5] * (y - v);
  }
}

/** A map given at each pixel; row-major, NaN where a pixel has no position. */
export class ArrayMap implements PixelMap {
  readonly section: Section;
  readonly holes: boolean;

  constructor(
    readonly nx: number,
    readonly ny: number,
    private readonly x: Float64Array,
    private readonly y: Float64Array,
    section?: Section,
  ) {
    this.section = section ?? { x0: 0, x1: nx - 1, y0: 0, y1: ny - 1 };
    const { x0, x1, y0, y1 } = this.section;
    let holes = false;
    for (let j = y0; j <= y1 && !holes; j++) {
      const row = j * nx;
      for (let k = row + x0; k <= row + x1 && !holes; k++)
        holes = !Number.isFinite(x[k]) || !Number.isFinite(y[k]);
    }
    this.holes = holes;
  }

  pixel(i: number, j: number, out: Float64Array | number[]): void {
    if (within(this.section, i, j)) {
      out[0] = this.x[j * this.nx + i];
      out[1] = this.y[j * this.nx + i];
    } else out[0] = out[1] = NaN;
  }

  at(x: number, y: number, out: Float64Array | number[]): void {
    const { x0, x1, y0, y1 } = this.section;
    const i = Math.min(Math.max(Math.floor(x), x0), Math.max(x0, x1 - 1));
    const j = Math.min(Math.max(Math.floor(y), y0), Math.max(y0, y1 - 1));
    const right = x1 > x0 ? 1 : 0;
    const down = y1 > y0 ? this.nx : 0;
    const k = j * this.nx + i;
    const u = x - i;
    const v = y - j;
    const mix = (f: Float64Array): number =>
      (f[k] * (1 - u) + f[k + right] * u) * (1 - v) + (f[k + down] * (1 - u) + f[k + down + right] * u) * v;
    out[0] = mix(this.x);
    out[1] = mix(this.y);
  }

  grid(xs: Float64Array, ys: Float64Array): { x: Float64Array; y: Float64Array } {
    return pointByPoint(this, xs, ys);
  }

  slopes(x: number, y: number, out: Float64Array | number[]): void {
    const [a, b] = [
      [0, 0],
      [0, 0],
    ];
    this.at(x + 0.5, y, a);
    this.at(x - 0.5, y, b);
    out[1] = a[0] - b[0];
    out[4] = a[1] - b[1];
    this.at(x, y + 0.5, a);
    this.at(x, y - 0.5, b);
    out[2] = a[0] - b[0];
    out[5] = a[1] - b[1];
    this.at(x, y, a);
    out[0] = a[0];
    out[3] = a[1];
  }
}

function pointByPoint(
  map: Pick<PixelMap, "at">,
  xs: Float64Array,
  ys: Float64Array,
): { x: Float64Array; y: Float64Array } {
  const x = new Float64Array(xs.length * ys.length);
  const y = new Float64Array(xs.length * ys.length);
  const out = new Float64Array(2);
  for (let j = 0, k = 0; j < ys.length; j++)
    for (let i = 0; i < xs.length; i++, k++) {
      map.at(xs[i], ys[j], out);
      x[k] = out[0];
      y[k] = out[1];
    }
  return { x, y };
}

function within({ x0, x1, y0, y1 }: Section, i: number, j: number): boolean {
  return i >= x0 && i <= x1 && j >= y0 && j <= y1;
}

const ROWS_AT_ONCE = 64;

function fullMap(
  nx: number,
  ny: number,
  section: Section,
  evaluate: (x: Float64Array, y: Float64Array) => { x: Float64Array; y: Float64Array },
): ArrayMap {
  const mapX = new Float64Array(nx * ny).fill(NaN);
  const mapY = new Float64Array(nx * ny).fill(NaN);
  const { x0, x1, y0, y1 } = section;
  const width = x1 - x0 + 1;
  const columns = Float64Array.from({ length: width }, (_, i) => x0 + i);
  for (let j = y0; j <= y1; j += ROWS_AT_ONCE) {
    const rows = Float64Array.from({ length: Math.min(ROWS_AT_ONCE, y1 + 1 - j) }, (_, k) => j + k);
    const found = evaluate(...meshgrid(columns, rows));
    rows.forEach((row, k) => {
      mapX.set(found.x.subarray(k * width, (k + 1) * width), row * nx + x0);
      mapY.set(found.y.subarray(k * width, (k + 1) * width), row * nx + x0);
    });
  }
  return new ArrayMap(nx, ny, mapX, mapY, section);
}
