import { UserError } from "../errors.js";

export type SplineOrder = 1 | 3;

/**
 * Tensor-product splines through the values of one or more planes on a common grid: what scipy's
 * RectBivariateSpline(y, x, z, kx=order, ky=order, s=0) gives (FITPACK regrid: an interpolating spline whose knots are
 * the grid points, for order 3 without the second and the last but one). Outside the grid the edge value is returned, as FITPACK does.
 *
 * `y`, `x`: strictly increasing grid coordinates; each plane is row-major, plane[j * x.length + i] at (x[i], y[j]).
 * Throws UserError where the grid has fewer than order + 1 points in a direction.
 */
export class GridSpline {
  private readonly nx: number;
  private readonly coefficients: Float64Array[];
  private readonly xKnots: Knots;
  private readonly yKnots: Knots;

  constructor(y: Float64Array, x: Float64Array, planes: readonly Float64Array[], order: SplineOrder) {
    this.nx = x.length;
    this.xKnots = new Knots(x, order);
    this.yKnots = new Knots(y, order);
    const xSystem = new Collocation(this.xKnots);
    const ySystem = new Collocation(this.yKnots);
    this.coefficients = planes.map((plane) => {
      const c = Float64Array.from(plane);
      for (let j = 0; j < y.length; j++) xSystem.solve(c, j * x.length, 1, 1);
      ySystem.solve(c, 0, x.length, x.length);
      return c;
    });
  }

  /** Values of all planes at (x, y), into `out`. */
  at(x: number, y: number, out: Float64Array | number[]): void {
    const { xKnots, yKnots, coefficients, nx } = this;
    const p = xKnots.order;
    const i0 = xKnots.basis(x) - p;
    const j0 = yKnots.basis(y) - p;
    const bx = xKnots.values;
    const by = yKnots.values;
    for (let k = 0; k < coefficients.length; k++) {
      const c = coefficients[k];
      let sum = 0;
      for (let j = 0; j <= p; j++) {
        const row = (j0 + j) * nx + i0;
        let inner = 0;
        for (let i = 0; i <= p; i++) inner += bx[i] * c[row + i];
        sum += by[j] * inner;
      }
      out[k] = sum;
    }
  }

  /** Values of each plane at all places (xs[i], ys[j]), at j * xs.length + i. */
  grid(xs: Float64Array, ys: Float64Array): Float64Array[] {
    const { xKnots, yKnots, coefficients, nx } = this;
    const size = xKnots.order + 1;
    const starts = new Int32Array(xs.length);
    const weights = new Float64Array(xs.length * size);
    for (let i = 0; i < xs.length; i++) {
      starts[i] = xKnots.basis(xs[i]) + 1 - size;
      for (let k = 0; k < size; k++) weights[i * size + k] = xKnots.values[k];
    }
    const results = coefficients.map(() => new Float64Array(xs.length * ys.length));
    const row = new Float64Array(nx);
    for (let j = 0; j < ys.length; j++) {
      const j0 = yKnots.basis(ys[j]) + 1 - size;
      coefficients.forEach((c, plane) => {
        row.fill(0);
        for (let k = 0; k < size; k++) {
          const by = yKnots.values[k];
          const from = (j0 + k) * nx;
          for (let i = 0; i < nx; i++) row[i] += by * c[from + i];
        }
        for (let i = 0; i < xs.length; i++) {
          let sum = 0;
          for (let k = 0; k < size; k++) sum += weights[i * size + k] * row[starts[i] + k];
          results[plane][j * xs.length + i] = sum;
        }
      });
    }
    return results;
  }

  /** Value, d/dx and d/dy of all planes at (x, y): out[3 k], out[3 k + 1], out[3 k + 2]. */
  derivatives(x: number, y: number, out: Float64Array | number[]): void {
    const { xKnots, yKnots, coefficients, nx } = this;
    const p = xKnots.order;
    const i0 = xKnots.basis(x, true) - p;
    const j0 = yKnots.basis(y, true) - p;
    for (let k = 0; k < coefficients.length; k++) {
      const c = coefficients[k];
      let f = 0;
      let fx = 0;
      let fy = 0;
      for (let j = 0; j <= p; j++) {
        const row = (j0 + j) * nx + i0;
        let g = 0;
        let gx = 0;
        for (let i = 0; i <= p; i++) {
          g += xKnots.values[i] * c[row + i];
          gx += xKnots.slopes[i] * c[row + i];
        }
        f += yKnots.values[j] * g;
        fx += yKnots.values[j] * gx;
        fy += yKnots.slopes[j] * g;
      }
      out[3 * k] = f;
      out[3 * k + 1] = fx;
      out[3 * k + 2] = fy;
    }
  }
}

/** Knots of a spline through `sites`, and the B-splines that don't vanish at a point. */
class Knots {
  readonly knots: Float64Array;
  /** The order + 1 B-splines of the last basis() call, and their derivatives where asked for. */
  readonly values = new Float64Array(4);
  readonly slopes = new Float64Array(4);
  private readonly lower = new Float64Array(4);
  private readonly perUnit: number;
  private last = NaN;
  private lastSpan = 0;
  private lastSlopes = false;

  constructor(
    readonly sites: Float64Array,
    readonly order: SplineOrder,
  ) {
    const n = sites.length;
    if (n <= order)
      throw new UserError(
        `a spline of order ${order} needs at least ${order + 1} grid points, got ${n}; use pixmap_order 1 or pixmap_stepsize 1`,
      );
    const skip = (order + 1) / 2;
    const ends = order + 1;
    this.knots = new Float64Array(n + order + 1);
    this.knots.fill(sites[0], 0, ends);
    for (let i = skip; i < n - skip; i++) this.knots[ends + i - skip] = sites[i];
    this.knots.fill(sites[n - 1], n);
    this.perUnit = (n - 1) / (sites[n - 1] - sites[0]);
  }

  /** Fill `values` (and `slopes`) at x, held to the range of the sites; returns the index of the last B-spline. */
  basis(x: number, derivative = false): number {
    if (x === this.last && (this.lastSlopes || !derivative)) return this.lastSpan; // neighbours in a row or column
    const { sites, order } = this;
    const n = sites.length;
    const at = Math.min(Math.max(x, sites[0]), sites[n - 1]);
    let site = Math.min(n - 2, Math.max(0, Math.floor((at - sites[0]) * this.perUnit)));
    while (site > 0 && at < sites[site]) site--;
    while (site < n - 2 && at >= sites[site + 1]) site++;
    const span = Math.min(n - 1, Math.max(order, site + (order + 1) / 2));
    if (order === 3) this.cubics(at, span, derivative);
    else this.lines(at, span);
    if (derivative) this.fillSlopes(span);
    this.last = x;
    this.lastSlopes = derivative;
    return (this.lastSpan = span);
  }

  private lines(at: number, span: number): void {
    const { knots, values, lower } = this;
    const left = at - knots[span];
    const right = knots[span + 1] - at;
    const part = 1 / (right + left);
    lower[0] = 1;
    values[0] = right * part;
    values[1] = left * part;
  }

  /** de Boor's recurrence, degree by degree. */
  private cubics(at: number, span: number, derivative: boolean): void {
    const { knots, values, lower } = this;
    const left1 = at - knots[span];
    const left2 = at - knots[span - 1];
    const left3 = at - knots[span - 2];
    const right1 = knots[span + 1] - at;
    const right2 = knots[span + 2] - at;
    const right3 = knots[span + 3] - at;
    const line = 1 / (right1 + left1);
    const line0 = right1 * line;
    const line1 = left1 * line;
    const parabola0 = line0 / (right1 + left2);
    const parabola1 = line1 / (right2 + left1);
    const low = right1 * parabola0;
    const middle = left2 * parabola0 + right2 * parabola1;
    const high = left1 * parabola1;
    if (derivative) {
      lower[0] = low;
      lower[1] = middle;
      lower[2] = high;
    }
    const cubic0 = low / (right1 + left3);
    const cubic1 = middle / (right2 + left2);
    const cubic2 = high / (right3 + left1);
    values[0] = right1 * cubic0;
    values[1] = left3 * cubic0 + right2 * cubic1;
    values[2] = left2 * cubic1 + right3 * cubic2;
    values[3] = left1 * cubic2;
  }

  /** Derivatives from the B-splines of one degree less. */
  private fillSlopes(span: number): void {
    const { order, knots, lower, slopes } = this;
    for (let r = 0; r <= order; r++) {
      const i = span - order + r;
      const rise = r > 0 ? lower[r - 1] / (knots[i + order] - knots[i]) : 0;
      const fall = r < order ? lower[r] / (knots[i + order + 1] - knots[i + 1]) : 0;
      slopes[r] = order * (rise - fall);
    }
  }
}

const BAND = 3; // a row of the collocation matrix has entries at most so far from the diagonal

/** LU factors of the banded matrix B_j(site_i); totally positive, so it needs no pivoting (de Boor, A Practical Guide to Splines). */
class Collocation {
  private readonly rows: Float64Array;
  private readonly n: number;

  constructor(knots: Knots) {
    const n = (this.n = knots.sites.length);
    const width = 2 * BAND + 1;
    const a = (this.rows = new Float64Array(n * width));
    for (let i = 0; i < n; i++) {
      const first = knots.basis(knots.sites[i]) - knots.order;
      for (let r = 0; r <= knots.order; r++) {
        const offset = first + r - i + BAND;
        if (offset >= 0 && offset < width) a[i * width + offset] = knots.values[r];
      }
    }
    for (let k = 0; k < n; k++) {
      for (let i = k + 1; i <= Math.min(n - 1, k + BAND); i++) {
        const factor = (a[i * width + k - i + BAND] /= a[k * width + BAND]);
        if (factor === 0) continue;
        for (let j = k + 1; j <= Math.min(n - 1, k + BAND); j++)
          a[i * width + j - i + BAND] -= factor * a[k * width + j - k + BAND];
      }
    }
  }

  /** Solve in place for `count` neighbouring right-hand sides, entry i of which starts at start + i * stride. */
  solve(b: Float64Array, start: number, stride: number, count: number): void {
    const { n, rows: a } = this;
    const width = 2 * BAND + 1;
    const subtract = (i: number, j: number): void => {
      const factor = a[i * width + j - i + BAND];
      if (factor === 0) return;
      const to = start + i * stride;
      const from = start + j * stride;
      for (let c = 0; c < count; c++) b[to + c] -= factor * b[from + c];
    };
    for (let i = 1; i < n; i++) for (let j = Math.max(0, i - BAND); j < i; j++) subtract(i, j);
    for (let i = n - 1; i >= 0; i--) {
      for (let j = Math.min(n - 1, i + BAND); j > i; j--) subtract(i, j);
      const pivot = a[i * width + BAND];
      for (let c = 0; c < count; c++) b[start + i * stride + c] /= pivot;
    }
  }
}
