import { UserError } from "../errors.js";
import type { PixelMap, Section } from "./pixmap.js";
import { clipToWindow, counterClockwise, type Vertex } from "./polygon_clip.js";

const INVERSION_ERROR = 0.03; // pixels; drizzle's golden section stops there
const VERTEX_TOLERANCE = 1e-12;
const GOLDEN = 0.6180339887498949;
const MOST_ITERATIONS = 50;

/**
 * The input pixels that drizzle 2.2.0 visits (src/cdrizzlemap.c: shrink_image_section, init_image_scanner,
 * get_scanline_limits): limits[2 j] to limits[2 j + 1], inclusive, in row j; empty where the second is smaller.
 * The outline of the image is clipped with that of the output ([ny, nx] of the whole mosaic) and inverted to
 * 0.03 pixel, so pixels at the edges are dropped; parity there needs the same arithmetic.
 * Throws UserError where the map has fewer than two columns or rows with positions within `range`.
 */
export function scanLimits(map: PixelMap, outShape: readonly [number, number], range: Section): Int32Array {
  const limits = new Int32Array(2 * map.ny);
  for (let j = 0; j < map.ny; j++) limits[2 * j + 1] = -1;
  const section = shrink(map, range);
  const polygon = visitedPolygon(map, outShape, section);
  if (polygon.length >= 3) scan(polygon, section, limits);
  return limits;
}

/** The tightest section with a valid map value on each of its sides. */
function shrink(map: PixelMap, { x0, x1, y0, y1 }: Section): Section {
  const at = [0, 0];
  const valid = (i: number, j: number): boolean => {
    map.pixel(i, j, at);
    return !Number.isNaN(at[0]) && !Number.isNaN(at[1]);
  };
  let left = x1;
  let bottom = y1;
  for (let j = y0; j <= y1; j++) {
    let i = x0;
    while (i <= x1 && !valid(i, j)) i++;
    if (i > x1) continue;
    left = Math.min(left, i);
    bottom = Math.min(bottom, j);
  }
  let right = left;
  let top = bottom;
  for (let j = y1; j >= y0; j--) {
    let i = x1;
    while (i >= x0 && !valid(i, j)) i--;
    if (i < x0) continue;
    right = Math.max(right, i);
    top = Math.max(top, j);
  }
  if (left >= right || bottom >= top)
    throw new UserError("the pixel map has no or too few valid pixels: does the WCS fit the image?");
  return { x0: left, x1: right, y0: bottom, y1: top };
}

/**
 * Bilinear interpolation between pixel centres, linear beyond the border (interpolate_point); false where it is NaN.
 * The cell is chosen by truncation, as a cast to int does.
 */
export function interpolatePoint(map: PixelMap, x: number, y: number, out: Float64Array | number[]): boolean {
  const i = Math.min(Math.max(Math.trunc(x), 0), map.nx - 2);
  const j = Math.min(Math.max(Math.trunc(y), 0), map.ny - 2);
  const u = x - i;
  const v = y - j;
  const [a, b, c, d] = scratch;
  map.pixel(i, j, a);
  map.pixel(i + 1, j, b);
  map.pixel(i, j + 1, c);
  map.pixel(i + 1, j + 1, d);
  for (const k of [0, 1]) {
    out[k] = a[k] * (1 - u) * (1 - v) + b[k] * u * (1 - v) + c[k] * (1 - u) * v + d[k] * u * v;
  }
  return !Number.isNaN(out[0]) && !Number.isNaN(out[1]);
}
const scratch = [0, 1, 2, 3].map(() => [0, 0]);

/** The overlap of image and output, in input pixels; the whole section where the map fails at a corner. */
function visitedPolygon(map: PixelMap, [ny, nx]: readonly [number, number], section: Section): Vertex[] {
  const { x0, x1, y0, y1 } = section;
  const outline: Vertex[] = [
    { x: x0 - 0.5, y: y0 - 0.5 },
    { x: x1 + 0.5, y: y0 - 0.5 },
    { x: x1 + 0.5, y: y1 + 0.5 },
    { x: x0 - 0.5, y: y1 + 0.5 },
  ];
  const mapped: Vertex[] = [];
  for (const corner of outline) {
    const at = [0, 0];
    if (!interpolatePoint(map, corner.x, corner.y, at)) return outline;
    mapped.push({ x: at[0], y: at[1] });
  }
  const window: Vertex[] = [
    { x: -0.5, y: -0.5 },
    { x: nx - 0.5, y: -0.5 },
    { x: nx - 0.5, y: ny - 0.5 },
    { x: -0.5, y: ny - 0.5 },
  ];
  const polygon: Vertex[] = [...outline];
  const overlap = clipToWindow(mapped, window);
  for (const [k, vertex] of overlap.entries()) {
    const found = invert(map, vertex, section);
    if (!found) return polygon.slice(0, 4);
    polygon[k] = found;
  }
  return counterClockwise(polygon.slice(0, overlap.length));
}

/** Golden section search in both directions at once (invert_pixmap); undefined where it fails. */
function invert(map: PixelMap, { x, y }: Vertex, section: Section): Vertex | undefined {
  let x0 = section.x0 - 0.5;
  let x1 = section.x1 + 0.5;
  let y0 = section.y0 - 0.5;
  let y1 = section.y1 + 0.5;
  const at = [0, 0];
  const distance = (u: number, v: number): number => {
    if (!interpolatePoint(map, u, v, at)) return NaN;
    return (at[0] - x) * (at[0] - x) + (at[1] - y) * (at[1] - y);
  };
  let iterations = 0;
  while ((x1 - x0 > INVERSION_ERROR || y1 - y0 > INVERSION_ERROR) && iterations < MOST_ITERATIONS) {
    iterations++;
    const u1 = x1 - GOLDEN * (x1 - x0);
    const u2 = x0 + GOLDEN * (x1 - x0);
    const v1 = y1 - GOLDEN * (y1 - y0);
    const v2 = y0 + GOLDEN * (y1 - y0);
    const d = [distance(u1, v1), distance(u1, v2), distance(u2, v1), distance(u2, v2)];
    if (d.some(Number.isNaN)) return undefined;
    const [d11, d12, d21, d22] = d;
    const low = d11 < d12 && d11 < d21 && d11 < d22;
    const upper = d12 < d11 && d12 < d21 && d12 < d22;
    const right = d21 < d11 && d21 < d12 && d21 < d22;
    if (low || upper) x1 = u2;
    else x0 = u1;
    if (low || right) y1 = v2;
    else y0 = v1;
  }
  return iterations === MOST_ITERATIONS ? undefined : { x: 0.5 * (x0 + x1), y: 0.5 * (y0 + y1) };
}

/** A side of the polygon: x = m y + c, shifted so that pixels lie wholly within; `top`: y of its end. */
interface Edge {
  readonly m: number;
  readonly c: number;
  readonly top: number;
}

function makeEdge(a: Vertex, b: Vertex, side: -1 | 1): Edge {
  const m = (b.x - a.x) / (b.y - a.y);
  const intercept = (a.x * b.y - a.y * b.x) / (b.y - a.y);
  return { m, c: intercept - side * (0.5 + 0.5 * Math.abs(m)), top: b.y };
}

/** Indices of the lowest (`sign` 1) or highest (-1) vertex: its left and right end where a side is level. */
function extreme(polygon: readonly Vertex[], sign: 1 | -1): { left: number; right: number; y: number } {
  const n = polygon.length;
  let first = 0;
  polygon.forEach((v, k) => {
    if (sign * v.y < sign * polygon[first].y) first = k;
  });
  const y = polygon[first].y;
  const before = (first - 1 + n) % n;
  const after = (first + 1) % n;
  const other = sign * polygon[before].y < sign * polygon[after].y ? before : after;
  const tolerance = Math.sign(y) === -1 || Object.is(y, -0) ? -VERTEX_TOLERANCE : VERTEX_TOLERANCE;
  const level =
    sign === 1 ? polygon[other].y <= y * (1 + tolerance) : polygon[other].y >= y * (1 - tolerance);
  if (!level) return { left: first, right: first, y };
  // the found vertex is the left one below and the right one above, unless x says otherwise
  const [left, right] = sign === 1 ? [first, other] : [other, first];
  return polygon[left].x > polygon[right].x ? { left: right, right: left, y } : { left, right, y };
}

/** The row limits within a counter-clockwise polygon (init_scanner, get_scanline_limits). */
function scan(polygon: readonly Vertex[], section: Section, limits: Int32Array): void {
  const n = polygon.length;
  const low = extreme(polygon, 1);
  const high = extreme(polygon, -1);
  const at = (k: number): Vertex => polygon[((k % n) + n) % n];
  const count = (from: number, to: number): number => (to < from ? to + n : to) - from;
  const lefts = Array.from({ length: count(high.left, low.left) }, (_, k) =>
    makeEdge(at(low.left - k), at(low.left - k - 1), -1),
  );
  const rights = Array.from({ length: count(low.right, high.right) }, (_, k) =>
    makeEdge(at(low.right + k), at(low.right + k + 1), 1),
  );
  const first = Math.max(0, Math.trunc(low.y + 0.5 + 2 * INVERSION_ERROR));
  const last = Math.min(section.y1, Math.trunc(high.y + 2 * INVERSION_ERROR));
  const clampLow = (x: number): number => (x < section.x0 ? section.x0 : x);
  const clampHigh = (x: number): number => (x > section.x1 ? section.x1 : x);
  let l = 0;
  let r = 0;
  for (let y = first; y <= last; y++) {
    const below = y - 0.5;
    const above = y + 0.5;
    if (above <= low.y || below >= high.y + 1) continue;
    while (l < lefts.length && below > lefts[l].top) l++;
    while (r < rights.length && below > rights[r].top) r++;
    if (l >= lefts.length || r >= rights.length) return;
    const leftBelow = clampLow(lefts[l].m * y + lefts[l].c - INVERSION_ERROR);
    const rightBelow = clampHigh(rights[r].m * y + rights[r].c + INVERSION_ERROR);
    while (l < lefts.length && above > lefts[l].top + 0.5 + INVERSION_ERROR) l++;
    while (r < rights.length && above > rights[r].top + 0.5 + INVERSION_ERROR) r++;
    if (l >= lefts.length || r >= rights.length) return;
    const leftAbove = clampLow(lefts[l].m * y + lefts[l].c - INVERSION_ERROR);
    const rightAbove = clampHigh(rights[r].m * y + rights[r].c + INVERSION_ERROR);
    const noneAbove = leftAbove >= rightAbove;
    const noneBelow = leftBelow >= rightBelow;
    if (noneAbove && noneBelow) continue;
    // a level side gives NaN, which loses in these comparisons as it does in C
    const inner = leftBelow > leftAbove ? leftBelow : leftAbove;
    const outer = rightBelow < rightAbove ? rightBelow : rightAbove;
    const left = noneAbove ? leftBelow : noneBelow ? leftAbove : inner;
    const right = noneAbove ? rightBelow : noneBelow ? rightAbove : outer;
    if (Number.isNaN(left) || Number.isNaN(right)) continue;
    limits[2 * y] = roundAway(left);
    limits[2 * y + 1] = roundAway(right);
  }
}

/** C's round(): halves away from zero. */
function roundAway(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}
