import { interpolatePoint } from "../../src/host/wcs/scanner.js";
import type { PixelMap } from "../../src/host/wcs/pixmap.js";

/**
 * drizzle 2.2.0's do_kernel_square as it is: each input pixel's quadrilateral is scattered onto the output, areas in f64.
 * Twin of the kernels of src/shaders/drizzle.
 */
export interface Overlap {
  /** Input and output pixel index. */
  readonly p: number;
  readonly o: number;
  /** Area over the quadrilateral's own; negative only by rounding. */
  readonly share: number;
  readonly area: number;
}

/** All overlaps, input pixel by input pixel within `limits`. */
export function* overlaps(
  map: PixelMap,
  limits: Int32Array,
  [ny, nx]: readonly [number, number],
  pixfrac: number,
): Generator<Overlap> {
  const h = pixfrac / 2;
  const corner = [0, 0];
  const offsets = [
    [-h, h],
    [h, h],
    [h, -h],
    [-h, -h],
  ];
  const [x, y] = [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ];
  for (let j = 0; j < map.ny; j++) {
    for (let i = limits[2 * j]; i <= limits[2 * j + 1]; i++) {
      const valid = offsets.every(([u, v], k) => {
        const found = interpolatePoint(map, i + u, j + v, corner);
        [x[k], y[k]] = corner;
        return found;
      });
      if (!valid) continue;
      const jacobian = 0.5 * ((x[1] - x[3]) * (y[0] - y[2]) - (x[0] - x[2]) * (y[1] - y[3]));
      const first = [Math.max(0, round(Math.min(...x))), Math.max(0, round(Math.min(...y)))];
      const last = [Math.min(nx - 1, round(Math.max(...x))), Math.min(ny - 1, round(Math.max(...y)))];
      for (let Y = first[1]; Y <= last[1]; Y++) {
        for (let X = first[0]; X <= last[0]; X++) {
          const area = boxArea(X, Y, x, y);
          if (area !== 0)
            yield { p: j * map.nx + i, o: Y * nx + X, share: area / jacobian, area: Math.abs(area) };
        }
      }
    }
  }
}

function round(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}

/** Area of a clockwise quadrilateral within the unit square around (X, Y): cdrizzlebox.c boxer(). */
function boxArea(X: number, Y: number, x: readonly number[], y: readonly number[]): number {
  const [left, low] = [X - 0.5, Y - 0.5];
  let sum = 0;
  for (let k = 0; k < 4; k++) {
    const next = (k + 1) & 3;
    sum += segmentArea(x[k] - left, y[k] - low, x[next] - left, y[next] - low);
  }
  return sum;
}

/** Area below a segment within the unit square: cdrizzlebox.c sgarea(). */
function segmentArea(x1: number, y1: number, x2: number, y2: number): number {
  const dx = x2 - x1;
  const dy = y2 - y1;
  if (dx === 0) return 0;
  const sign = dx < 0 ? -1 : 1;
  let xlo = Math.min(x1, x2);
  let xhi = Math.max(x1, x2);
  if (xlo >= 1 || xhi <= 0) return 0;
  xlo = Math.max(xlo, 0);
  xhi = Math.min(xhi, 1);
  const slope = dy / dx;
  let ylo = y1 + slope * (xlo - x1);
  let yhi = y1 + slope * (xhi - x1);
  if (ylo <= 0 && yhi <= 0) return 0;
  if (ylo >= 1 && yhi >= 1) return sign * (xhi - xlo);
  const det = x1 * y2 - y1 * x2;
  if (ylo < 0) {
    ylo = 0;
    xlo = det / dy;
  }
  if (yhi < 0) {
    yhi = 0;
    xhi = det / dy;
  }
  if (ylo <= 1) {
    if (yhi <= 1) return sign * 0.5 * (xhi - xlo) * (yhi + ylo);
    const xtop = (dx + det) / dy;
    return sign * (0.5 * (xtop - xlo) * (1 + ylo) + xhi - xtop);
  }
  const xtop = (dx + det) / dy;
  return sign * (0.5 * (xhi - xtop) * (1 + yhi) + xtop - xlo);
}

/** Overlap below which f32 may see none, or one where there is none but for rounding. */
export const SLIVER = 1e-6;

/** Planes of one exposure as drizzle gets them. */
export interface TwinExposure {
  readonly weight: ArrayLike<number>;
  readonly data: ArrayLike<number>;
  /** Roots of variances; `rnoise` gives the weights of all of them. */
  readonly roots?: { rnoise: ArrayLike<number>; poisson: ArrayLike<number>; flat?: ArrayLike<number> };
  /** Pixels that count for the exposure time. */
  readonly good?: ArrayLike<number>;
  readonly exposureTime?: number;
  /** Constant weight of the variances instead. */
  readonly constantWeight?: number;
  readonly dq?: ArrayLike<number>;
  /** From 0. */
  readonly context?: number;
}

/** Sums over exposures and what stcal makes of them, f64. */
export class TwinMosaic {
  readonly data: Float64Array;
  readonly weight: Float64Array;
  readonly context: Uint32Array;
  readonly dq: Uint32Array;
  /** The same from overlaps larger than a sliver alone. */
  readonly sureDq: Uint32Array;
  readonly exposureTime: Float64Array;
  readonly sureExposureTime: Float64Array;
  /** The smallest overlap that any exposure's sum rests on alone: where it is tiny, f32 may see none. */
  readonly smallest: Float64Array;
  private readonly sums: Record<"rnoise" | "poisson" | "flat", { sum: Float64Array; weight: Float64Array }>;

  constructor(readonly shape: readonly [number, number]) {
    const n = shape[0] * shape[1];
    const plane = (): Float64Array => new Float64Array(n);
    this.data = plane();
    this.weight = plane();
    this.context = new Uint32Array(n);
    this.dq = new Uint32Array(n);
    this.sureDq = new Uint32Array(n);
    this.exposureTime = plane();
    this.sureExposureTime = plane();
    this.smallest = plane().fill(Infinity);
    const pair = (): { sum: Float64Array; weight: Float64Array } => ({ sum: plane(), weight: plane() });
    this.sums = { rnoise: pair(), poisson: pair(), flat: pair() };
  }

  add(map: PixelMap, limits: Int32Array, pixfrac: number, exposure: TwinExposure): void {
    const n = this.weight.length;
    const [w, d, r, s, f, area] = Array.from({ length: 6 }, () => new Float64Array(n));
    const { roots } = exposure;
    for (const { p, o, share, area: part } of overlaps(map, limits, this.shape, pixfrac)) {
      const dow = share * exposure.weight[p];
      if (dow === 0) continue;
      w[o] += dow;
      d[o] += dow * exposure.data[p];
      area[o] += part;
      if (exposure.dq) {
        this.dq[o] = (this.dq[o] | exposure.dq[p]) >>> 0;
        if (part > SLIVER) this.sureDq[o] = (this.sureDq[o] | exposure.dq[p]) >>> 0;
      }
      if (exposure.context !== undefined && dow > 0)
        this.context[o] = (this.context[o] | (1 << exposure.context)) >>> 0;
      if (!roots) continue;
      r[o] += dow * roots.rnoise[p];
      s[o] += dow * roots.poisson[p];
      if (roots.flat) f[o] += dow * roots.flat[p];
    }
    for (let o = 0; o < n; o++) {
      if (w[o] === 0) continue;
      const sum = this.weight[o] + w[o];
      this.data[o] = (this.data[o] * this.weight[o] + d[o]) / sum;
      this.weight[o] = sum;
      this.smallest[o] = Math.min(this.smallest[o], area[o]);
      if (!roots) continue;
      const rnoise = (r[o] / w[o]) ** 2;
      const scale = exposure.constantWeight ?? (rnoise > 0 && Number.isFinite(rnoise) ? 1 / rnoise : 0);
      this.addVariance("rnoise", o, rnoise, scale);
      this.addVariance("poisson", o, (s[o] / w[o]) ** 2, scale);
      if (roots.flat) this.addVariance("flat", o, (f[o] / w[o]) ** 2, scale);
    }
    this.cover(map, limits, exposure);
  }

  /** stcal resample_variance_arrays. */
  private addVariance(name: "rnoise" | "poisson" | "flat", o: number, variance: number, scale: number): void {
    if (!(variance >= 0 && Number.isFinite(variance) && scale > 0)) return;
    this.sums[name].sum[o] += variance * scale * scale;
    this.sums[name].weight[o] += scale;
  }

  /** romancal _exptime_resampler.py: whole pixels, whatever pixfrac is. */
  private cover(map: PixelMap, limits: Int32Array, { good, exposureTime }: TwinExposure): void {
    if (!good || exposureTime === undefined) return;
    const covered = new Float64Array(this.weight.length);
    for (const { p, o, area } of overlaps(map, limits, this.shape, 1)) if (good[p]) covered[o] += area;
    covered.forEach((area, o) => {
      if (area > 0) this.exposureTime[o] += exposureTime;
      if (area > SLIVER) this.sureExposureTime[o] += exposureTime;
    });
  }

  /** Data with `fill` where nothing contributed. */
  filled(fill: number): Float64Array {
    return this.data.map((value, o) => (this.weight[o] === 0 ? fill : value));
  }

  /** Final variances and err (NaN where unknown), stcal finalize_resample_variance. */
  variances(
    pixelScaleRatio: number,
    flat = false,
  ): Record<"rnoise" | "poisson" | "flat" | "err", Float64Array> {
    const scaling = 1 / pixelScaleRatio ** 2;
    const of = (name: "rnoise" | "poisson" | "flat"): Float64Array =>
      this.sums[name].sum.map((sum, o) => {
        const weight = this.sums[name].weight[o];
        return weight === 0 ? NaN : (sum * scaling) / weight / weight;
      });
    const planes = { rnoise: of("rnoise"), poisson: of("poisson"), flat: of("flat") };
    const terms = [planes.rnoise, planes.poisson, ...(flat ? [planes.flat] : [])];
    const err = planes.rnoise.map((_, o) => {
      const known = terms.map((plane) => plane[o]).filter((value) => !Number.isNaN(value));
      return known.length ? Math.sqrt(known.reduce((a, b) => a + b, 0)) : NaN;
    });
    return { ...planes, err };
  }
}
