import type { PixelMap } from "./pixmap.js";
import { TILE_WORDS } from "./tile_list.js";

/** The map around (u0, v0): x = x + xu a + xv b + xuu a^2 + xuv a b + xvv b^2, a = u - u0, b = v - v0; likewise y. */
export interface Quadratic {
  u0: number;
  v0: number;
  x: number;
  xu: number;
  xv: number;
  xuu: number;
  xuv: number;
  xvv: number;
  y: number;
  yu: number;
  yv: number;
  yuu: number;
  yuv: number;
  yvv: number;
}

/** Input pixels a tile can reach: centre and half sizes of its preimage, and its part within the map's section. */
export interface Window {
  readonly u: number;
  readonly v: number;
  readonly ru: number;
  readonly rv: number;
  readonly u0: number;
  readonly u1: number;
  readonly v0: number;
  readonly v1: number;
}

const MARGIN = 2; // input pixels around a tile's preimage

/** Undefined where the window around (u, v) misses the section. */
export function windowOf(
  map: PixelMap,
  u: number,
  v: number,
  tile: number,
  inverse: readonly [number, number, number, number],
): Window | undefined {
  const { x0, x1, y0, y1 } = map.section;
  const ru = (tile / 2) * (Math.abs(inverse[0]) + Math.abs(inverse[1])) * 1.05 + MARGIN;
  const rv = (tile / 2) * (Math.abs(inverse[2]) + Math.abs(inverse[3])) * 1.05 + MARGIN;
  const window = {
    u,
    v,
    ru,
    rv,
    u0: Math.max(x0, Math.ceil(u - ru)),
    u1: Math.min(x1, Math.floor(u + ru)),
    v0: Math.max(y0, Math.ceil(v - rv)),
    v1: Math.min(y1, Math.floor(v + rv)),
  };
  return window.u0 <= window.u1 && window.v0 <= window.v1 ? window : undefined;
}

/** Stencil half width, as a part of the window's: the cubic part of a smooth map then errs least over the window (Chebyshev). */
const STENCIL = 0.866;
/** A determinant that varies more over a tile than so is not held by the fast kernel's linear 1 / determinant (error: its square). */
const MOST_VARIATION = 1e-3;

/** Fits and writes the records of one tile size. */
export class TileModel {
  private readonly words = new Int32Array(TILE_WORDS);
  private readonly floats = new Float32Array(this.words.buffer);
  private readonly samples = new Float64Array(18);
  private readonly point = [0, 0];
  private readonly unit: number;

  constructor(
    private readonly map: PixelMap,
    private readonly tile: number,
    fractionBits: number,
  ) {
    this.unit = 2 ** fractionBits;
  }

  /** The quadratic through a stencil of 3 x 3 pixel centres within the window; positions relative to (cx, cy). */
  fit(window: Window, cx: number, cy: number): Quadratic {
    const { x0, x1, y0, y1 } = this.map.section;
    const [u, h] = stencil(window.u0, window.u1, x0, x1);
    const [v, k] = stencil(window.v0, window.v1, y0, y1);
    const s = this.samples;
    for (let j = 0; j < 3; j++) {
      for (let i = 0; i < 3; i++) {
        this.map.at(u + (i - 1) * h, v + (j - 1) * k, this.point);
        s[3 * j + i] = this.point[0] - cx;
        s[9 + 3 * j + i] = this.point[1] - cy;
      }
    }
    return {
      u0: u,
      v0: v,
      x: s[4],
      xu: (s[5] - s[3]) / (2 * h),
      xv: (s[7] - s[1]) / (2 * k),
      xuu: (s[5] - 2 * s[4] + s[3]) / (2 * h * h),
      xuv: (s[8] - s[2] - s[6] + s[0]) / (4 * h * k),
      xvv: (s[7] - 2 * s[4] + s[1]) / (2 * k * k),
      y: s[13],
      yu: (s[14] - s[12]) / (2 * h),
      yv: (s[16] - s[10]) / (2 * k),
      yuu: (s[14] - 2 * s[13] + s[12]) / (2 * h * h),
      yuv: (s[17] - s[11] - s[15] + s[9]) / (4 * h * k),
      yvv: (s[16] - 2 * s[13] + s[10]) / (2 * k * k),
    };
  }

  /** The most by which the quadratic misses the map at the window's corners, output pixels; NaN counts as infinite. */
  residual(q: Quadratic, window: Window, cx: number, cy: number): number {
    let worst = 0;
    for (let k = 0; k < 4; k++) {
      const miss = this.miss(q, k & 1 ? window.u1 : window.u0, k & 2 ? window.v1 : window.v0, cx, cy);
      if (Number.isNaN(miss)) return Infinity;
      worst = Math.max(worst, miss);
    }
    return worst;
  }

  /** The most by which the quadratic misses any pixel of the window that has a position, output pixels. */
  roughness(q: Quadratic, window: Window, cx: number, cy: number): number {
    let worst = 0;
    for (let v = window.v0; v <= window.v1; v++) {
      for (let u = window.u0; u <= window.u1; u++) {
        const miss = this.miss(q, u, v, cx, cy);
        if (miss > worst) worst = miss;
      }
    }
    return worst;
  }

  private miss(q: Quadratic, u: number, v: number, cx: number, cy: number): number {
    this.map.pixel(u, v, this.point);
    const a = u - q.u0;
    const b = v - q.v0;
    const x = q.x + (q.xu + q.xuu * a + q.xuv * b) * a + (q.xv + q.xvv * b) * b;
    const y = q.y + (q.yu + q.yuu * a + q.yuv * b) * a + (q.yv + q.yvv * b) * b;
    return Math.max(Math.abs(this.point[0] - cx - x), Math.abs(this.point[1] - cy - y));
  }

  /** Whether each output pixel of the tile lies within the 2 x 2 cells around its nearest vertex, away from the image's border. */
  isFast(q: Quadratic, window: Window): boolean {
    const { nx, ny } = this.map;
    const { u, v, ru, rv } = window;
    if (u - ru < 1 || v - rv < 1 || u + ru > nx - 2 || v + rv > ny - 2) return false;
    const g = spread(q, window);
    const { x, y, det } = armsOf(q);
    // b must point to the left of a, also in a sheared grid
    if (!(x.a > 0 && y.b > 0 && det > 0)) return false;
    return g.variation < MOST_VARIATION && g.sumU + 2 * g.bendU < 0.999 && g.sumV + 2 * g.bendV < 0.999;
  }

  /** Record for the fast kernel, good until the next; the layout is told in fast.wgsl. */
  fastRecord(quadratic: Quadratic, window: Window, tx: number, ty: number): Int32Array {
    const I = Math.round(window.u + 0.5);
    const J = Math.round(window.v + 0.5);
    const q = moved(quadratic, I - 0.5, J - 0.5);
    q.x += 0.25 * (q.xuu + q.xvv); // the mean of four pixel centres
    q.y += 0.25 * (q.yuu + q.yvv);
    const { alongU, sa, sb, x, y, det } = armsOf(q);
    const alongA = 2 * x.aa * y.b + x.a * y.ab - x.ab * y.a - 2 * x.b * y.aa;
    const alongB = x.ab * y.b + 2 * x.a * y.bb - 2 * x.bb * y.a - x.b * y.ab;
    const scale = -1 / (det * det);
    this.writeCommon(q.x, q.y, I, J, x, y, det);
    const { words, floats: f } = this;
    f[20] = 1 / det;
    f[21] = scale * alongA;
    f[22] = scale * alongB;
    words[23] = (alongU ? 1 : 0) | (sa > 0 ? 2 : 0) | (sb > 0 ? 4 : 0) | (tx << 3) | (ty << 17);
    return words;
  }

  /**
   * Record for the general kernel, good until the next; the layout is told in general.wgsl. `half`: half the side of the shrunken pixel;
   * `radius`: what an output pixel looks at, output pixels; `rough`: output pixels by which the map may differ from the quadratic.
   */
  generalRecord(
    quadratic: Quadratic,
    window: Window,
    tx: number,
    ty: number,
    { half, radius, rough = 0 }: { half: number; radius: number; rough?: number },
  ): Int32Array {
    const I = Math.round(window.u);
    const J = Math.round(window.v);
    const q = moved(quadratic, I, J);
    const x = { a: q.xu, b: q.xv, aa: q.xuu, ab: q.xuv, bb: q.xvv };
    const y = { a: q.yu, b: q.yv, aa: q.yuu, ab: q.yuv, bb: q.yvv };
    this.writeCommon(q.x, q.y, I, J, x, y, x.a * y.b - x.b * y.a);
    const { words, floats: f } = this;
    const g = spread(q, window, rough);
    f[20] = radius * g.sumU + g.bendU + half + 0.01;
    f[21] = radius * g.sumV + g.bendV + half + 0.01;
    words[22] = tx;
    words[23] = ty;
    return words;
  }

  private writeCommon(x0: number, y0: number, I: number, J: number, x: Arms, y: Arms, det: number): void {
    const { unit, tile, words, floats: f } = this;
    words[0] = wrap((x0 + tile / 2) * unit);
    words[1] = wrap((y0 + tile / 2) * unit);
    words[2] = I;
    words[3] = J;
    words[4] = wrap(x.a * unit);
    words[5] = wrap(x.b * unit);
    words[6] = wrap(y.a * unit);
    words[7] = wrap(y.b * unit);
    f[8] = x.aa;
    f[9] = x.ab;
    f[10] = x.bb;
    f[11] = y.b / det;
    f[12] = y.aa;
    f[13] = y.ab;
    f[14] = y.bb;
    f[15] = -x.b / det;
    f[16] = -y.a / det;
    f[17] = x.a / det;
    f[18] = x0;
    f[19] = y0;
  }
}

/** The grid directions that point most nearly along +x (a) and +y (b), and the map's terms along them. */
function armsOf(q: Quadratic): { alongU: boolean; sa: number; sb: number; x: Arms; y: Arms; det: number } {
  const alongU = Math.abs(q.xu) >= Math.abs(q.xv);
  const sa = (alongU ? q.xu : q.xv) < 0 ? -1 : 1;
  const sb = (alongU ? q.yv : q.yu) < 0 ? -1 : 1;
  const turn = (u: number, v: number, uu: number, uv: number, vv: number): Arms =>
    alongU
      ? { a: sa * u, b: sb * v, aa: uu, ab: sa * sb * uv, bb: vv }
      : { a: sa * v, b: sb * u, aa: vv, ab: sa * sb * uv, bb: uu };
  const x = turn(q.xu, q.xv, q.xuu, q.xuv, q.xvv);
  const y = turn(q.yu, q.yv, q.yuu, q.yuv, q.yvv);
  return { alongU, sa, sb, x, y, det: x.a * y.b - x.b * y.a };
}

interface Arms {
  readonly a: number;
  readonly b: number;
  readonly aa: number;
  readonly ab: number;
  readonly bb: number;
}

/** Centre and half width, whole pixels, of a stencil over a <= u <= b within lo <= u <= hi. */
function stencil(a: number, b: number, lo: number, hi: number): [number, number] {
  const most = Math.floor((hi - lo) / 2);
  const h = Math.max(1, Math.min(most, Math.round(STENCIL * 0.5 * (b - a))));
  const centre = Math.round((a + b) / 2);
  return [Math.min(Math.max(centre, lo + h), Math.max(lo + h, hi - h)), h];
}

function moved(q: Quadratic, u0: number, v0: number): Quadratic {
  const a = u0 - q.u0;
  const b = v0 - q.v0;
  return {
    ...q,
    u0,
    v0,
    x: q.x + (q.xu + q.xuu * a + q.xuv * b) * a + (q.xv + q.xvv * b) * b,
    y: q.y + (q.yu + q.yuu * a + q.yuv * b) * a + (q.yv + q.yvv * b) * b,
    xu: q.xu + 2 * q.xuu * a + q.xuv * b,
    xv: q.xv + q.xuv * a + 2 * q.xvv * b,
    yu: q.yu + 2 * q.yuu * a + q.yuv * b,
    yv: q.yv + q.yuv * a + 2 * q.yvv * b,
  };
}

/**
 * How far an output pixel's preimage spreads: row sums of the inverse jacobian at the window's worst point, the error
 * of the inverse taken as affine (`bend`, input pixels; `rough` adds to it), and the relative variation of the determinant.
 */
function spread(
  q: Quadratic,
  { ru, rv }: Window,
  rough = 0,
): { sumU: number; sumV: number; bendU: number; bendV: number; variation: number } {
  const det = q.xu * q.yv - q.xv * q.yu;
  const bendX = 2 * rough + Math.abs(q.xuu) * ru * ru + Math.abs(q.xuv) * ru * rv + Math.abs(q.xvv) * rv * rv;
  const bendY = 2 * rough + Math.abs(q.yuu) * ru * ru + Math.abs(q.yuv) * ru * rv + Math.abs(q.yvv) * rv * rv;
  const alongU = 2 * q.xuu * q.yv + q.xu * q.yuv - q.xuv * q.yu - 2 * q.xv * q.yuu;
  const alongV = q.xuv * q.yv + 2 * q.xu * q.yvv - 2 * q.xvv * q.yu - q.xv * q.yuv;
  const variation = (Math.abs(alongU) * ru + Math.abs(alongV) * rv) / Math.abs(det);
  const [iux, iuy] = [Math.abs(q.yv / det), Math.abs(q.xv / det)];
  const [ivx, ivy] = [Math.abs(q.yu / det), Math.abs(q.xu / det)];
  const grow = 1 + 2 * variation;
  return {
    sumU: (iux + iuy) * grow,
    sumV: (ivx + ivy) * grow,
    bendU: iux * bendX + iuy * bendY,
    bendV: ivx * bendX + ivy * bendY,
    variation,
  };
}

/** Rounded to an integer modulo 2^32, as i32. */
function wrap(value: number): number {
  return Math.round(value - 4294967296 * Math.floor(value / 4294967296)) | 0;
}
