import { type Columns, D2R, evaluateMany, type Transform } from "./transforms/transform.js";

const MAX_ITERATIONS = 40;
/** Pixels: half a unit in the last place of a right ascension near 360 degrees is 1e-9 of a 0.1 arcsec pixel. */
const TOLERANCE = 1e-9;
/** Pixels from the point at which the derivatives are taken. */
const STEP = 0.5;

/**
 * Solves forward(x, y) = (ra, dec) by Newton's method in the tangent plane of each target, from one starting pixel; where
 * neither an inverse in the file nor an analytic one exists. NaN where it does not converge. gwcs stops at 1e-5 of a pixel
 * (`numerical_inverse`), this goes on to what f64 degrees can hold.
 */
export function numericalInverse(
  forward: Transform,
  [ra, dec]: Columns,
  start: readonly [number, number],
): { x: Float64Array; y: Float64Array } {
  const n = ra.length;
  const x = new Float64Array(n).fill(start[0]);
  const y = new Float64Array(n).fill(start[1]);
  let open = Int32Array.from({ length: n }, (_, i) => i);
  for (let iteration = 0; iteration < MAX_ITERATIONS && open.length > 0; iteration++) {
    const residual = residuals(forward, x, y, ra, dec, open);
    const left: number[] = [];
    for (let k = 0; k < open.length; k++) {
      const [dx, dy] = newtonStep(residual, k);
      const i = open[k];
      x[i] -= dx;
      y[i] -= dy;
      if (!(Math.abs(dx) + Math.abs(dy) < TOLERANCE)) left.push(i);
    }
    open = Int32Array.from(left.filter((i) => Number.isFinite(x[i]) && Number.isFinite(y[i])));
  }
  for (const i of open) x[i] = y[i] = NaN;
  const [lon, lat] = evaluateMany(forward, [x, y]);
  for (let i = 0; i < n; i++) if (!sameSide(lon[i], lat[i], ra[i], dec[i])) x[i] = y[i] = NaN;
  return { x, y };
}

/** Offsets of the stencil: the point itself, then to either side in x and in y. */
const STENCIL = [
  [0, 0],
  [STEP, 0],
  [-STEP, 0],
  [0, STEP],
  [0, -STEP],
] as const;

interface Residuals {
  /** Tangent-plane offsets from the target (east, north; radians) at each place of the stencil. */
  readonly east: Float64Array[];
  readonly north: Float64Array[];
}

function residuals(
  forward: Transform,
  x: Float64Array,
  y: Float64Array,
  ra: Float64Array,
  dec: Float64Array,
  points: Int32Array,
): Residuals {
  const east: Float64Array[] = [];
  const north: Float64Array[] = [];
  for (const [dx, dy] of STENCIL) {
    const px = Float64Array.from(points, (i) => x[i] + dx);
    const py = Float64Array.from(points, (i) => y[i] + dy);
    const [lon, lat] = evaluateMany(forward, [px, py]);
    east.push(new Float64Array(points.length));
    north.push(new Float64Array(points.length));
    points.forEach((i, k) => {
      const [e, m] = tangentOffset(lon[k], lat[k], ra[i], dec[i]);
      east[east.length - 1][k] = e;
      north[north.length - 1][k] = m;
    });
  }
  return { east, north };
}

/** Orthographic offset of (lon, lat) from (lon0, lat0), small differences without cancellation. */
function tangentOffset(lon: number, lat: number, lon0: number, lat0: number): [number, number] {
  const dlon = (lon - lon0) * D2R;
  const [d, d0] = [lat * D2R, lat0 * D2R];
  const half = Math.sin(dlon / 2);
  const cos = Math.cos(d);
  return [cos * Math.sin(dlon), Math.sin((lat - lat0) * D2R) + 2 * Math.sin(d0) * cos * half * half];
}

/** Whether two positions lie within 90 degrees: the tangent-plane offset vanishes at the antipode too. False for NaN. */
function sameSide(lon: number, lat: number, lon0: number, lat0: number): boolean {
  const [d, d0] = [lat * D2R, lat0 * D2R];
  return Math.sin(d) * Math.sin(d0) + Math.cos(d) * Math.cos(d0) * Math.cos((lon - lon0) * D2R) > 0;
}

function newtonStep({ east: e, north: m }: Residuals, k: number): [number, number] {
  const [ex, ey] = [(e[1][k] - e[2][k]) / (2 * STEP), (e[3][k] - e[4][k]) / (2 * STEP)];
  const [mx, my] = [(m[1][k] - m[2][k]) / (2 * STEP), (m[3][k] - m[4][k]) / (2 * STEP)];
  const det = ex * my - ey * mx;
  return [(my * e[0][k] - ey * m[0][k]) / det, (ex * m[0][k] - mx * e[0][k]) / det];
}
