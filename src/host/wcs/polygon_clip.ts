/**
 * The convex polygon arithmetic of drizzle 2.2.0 (src/cdrizzlemap.c), with its tolerances: which input pixels are
 * visited at all depends on it to the last vertex.
 */
export interface Vertex {
  readonly x: number;
  readonly y: number;
}

const VERTEX_TOLERANCE = 1e-12;
const SMALLEST_AREA = 1e3 * 2.2250738585072014e-308;
const MOST_VERTICES = 8;

const cross = (a: Vertex, b: Vertex): number => a.x * b.y - a.y * b.x;

/** The part of `polygon` within the convex `window` (Sutherland-Hodgman), counter-clockwise, points on straight edges dropped. */
export function clipToWindow(polygon: readonly Vertex[], window: readonly Vertex[]): Vertex[] {
  const wall = counterClockwise(window);
  let kept = counterClockwise(polygon);
  let before = wall[wall.length - 1];
  for (const corner of wall) {
    kept = clipToHalfPlane(kept, before, corner);
    before = corner;
  }
  return simplify(counterClockwise(kept));
}

function clipToHalfPlane(polygon: readonly Vertex[], w0: Vertex, w1: Vertex): Vertex[] {
  const side = { x: w1.x - w0.x, y: w1.y - w0.y };
  const inside = (p: Vertex): boolean => cross(p, w0) - cross(w1, w0) - cross(p, w1) > 0;
  const out: Vertex[] = [];
  let p0 = polygon[polygon.length - 1];
  for (const p1 of polygon) {
    const enters = inside(p1);
    if (enters !== inside(p0)) {
      const edge = { x: p1.x - p0.x, y: p1.y - p0.y };
      const d = cross(edge, side);
      const a = cross(p1, p0);
      const b = cross(w1, w0);
      const meet = { x: (a * side.x - b * edge.x) / d, y: (a * side.y - b * edge.y) / d };
      if (Number.isFinite(meet.x) && Number.isFinite(meet.y)) append(out, meet);
    }
    if (enters) append(out, p1);
    p0 = p1;
  }
  return out;
}

function append(polygon: Vertex[], v: Vertex): void {
  const same = (a: Vertex): boolean =>
    Math.abs(a.x - v.x) < VERTEX_TOLERANCE && Math.abs(a.y - v.y) < VERTEX_TOLERANCE;
  if (polygon.length && (same(polygon[polygon.length - 1]) || same(polygon[0]))) return;
  if (polygon.length < MOST_VERTICES) polygon.push(v);
}

function simplify(polygon: readonly Vertex[]): Vertex[] {
  if (polygon.length < 3) return [...polygon];
  return polygon.filter((v, k) => {
    const before = polygon[(k + polygon.length - 1) % polygon.length];
    const after = polygon[(k + 1) % polygon.length];
    const p = { x: after.x - before.x, y: after.y - before.y };
    const q = { x: v.x - before.x, y: v.y - before.y };
    return Math.abs(cross(p, q)) > SMALLEST_AREA && Math.sqrt(p.x * p.x + p.y * p.y) > VERTEX_TOLERANCE;
  });
}

/** The polygon, reversed where its first two vertices run clockwise around the mean of all. */
export function counterClockwise(polygon: readonly Vertex[]): Vertex[] {
  if (polygon.length < 3) return [...polygon];
  let x = 0;
  let y = 0;
  for (const v of polygon) {
    x += v.x;
    y += v.y;
  }
  x /= polygon.length;
  y /= polygon.length;
  const [a, b] = polygon;
  const turn = cross({ x: a.x - x, y: a.y - y }, { x: b.x - x, y: b.y - y });
  return turn >= 0 ? [...polygon] : [...polygon].reverse();
}
