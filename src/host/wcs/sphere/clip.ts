import polygonClipping from "polygon-clipping";
import { add, dot, normalize, scale, tangents } from "./vector.js";
import type { Vec3 } from "./vector.js";

/** Vertices closer than this in every coordinate are one (spherical_geometry 1.4.0 graph.py _add_node). */
const MERGE = 2 ** -32;
/** A vertex this near a side's line, in radians, lies on it: unit vectors carry 1e-16, a Roman pixel is 5e-7. */
const ON_LINE = 1e-14;

/** Two outlines with bays whose sides nearly coincide (spherical_geometry's MalformedPolygonError). */
export class PolygonError extends Error {
  override readonly name = "PolygonError";
}

interface Point {
  readonly u: number;
  readonly v: number;
  /** Of an input's vertex: the vector it came from, so that it comes back as it went in. */
  readonly source?: Vec3;
}

/** Outlines of what lies in both rings (open lists of vertices, each well within a hemisphere); empty if they are apart. */
export function intersectRings(a: readonly Vec3[], b: readonly Vec3[]): Vec3[][] {
  const plane = commonPlane(a, b);
  if (!plane) return [];
  const [pa, pb] = [anticlockwise(a.map(plane.project)), anticlockwise(b.map(plane.project))];
  const outlines = isConvex(pb)
    ? [clipConvex(pa, pb)]
    : isConvex(pa)
      ? [clipConvex(pb, pa)]
      : clipAny(pa, pb);
  return outlines.map((outline) => merged(outline.map(plane.lift))).filter((ring) => ring.length >= 3);
}

/** The gnomonic plane about the middle of both rings, if all vertices lie within 80 degrees of it; else they don't meet. */
function commonPlane(
  a: readonly Vec3[],
  b: readonly Vec3[],
): { project(p: Vec3): Point; lift(p: Point): Vec3 } | undefined {
  const middle = add(normalize(a.reduce(add)), normalize(b.reduce(add)));
  if (dot(middle, middle) < 1e-12) return undefined;
  const centre = normalize(middle);
  if ([...a, ...b].some((p) => dot(p, centre) < 0.17)) return undefined;
  const [e1, e2] = tangents(centre);
  return {
    project: (p) => ({ u: dot(p, e1) / dot(p, centre), v: dot(p, e2) / dot(p, centre), source: p }),
    lift: ({ u, v, source }) => source ?? normalize(add(centre, add(scale(e1, u), scale(e2, v)))),
  };
}

/** How far `p` lies to the left of the line from `a` to `b`. */
function leftOf(a: Point, b: Point, p: Point): number {
  const [du, dv] = [b.u - a.u, b.v - a.v];
  return (du * (p.v - a.v) - dv * (p.u - a.u)) / Math.hypot(du, dv);
}

function anticlockwise(ring: Point[]): Point[] {
  const [o] = ring;
  let area = 0;
  for (let i = 1; i + 1 < ring.length; i++) {
    const [p, q] = [ring[i], ring[i + 1]];
    area += (p.u - o.u) * (q.v - o.v) - (p.v - o.v) * (q.u - o.u);
  }
  return area < 0 ? ring.reverse() : ring;
}

function isConvex(ring: readonly Point[]): boolean {
  const n = ring.length;
  return ring.every((a, i) => leftOf(a, ring[(i + 1) % n], ring[(i + 2) % n]) >= -ON_LINE);
}

/** Sutherland and Hodgman: cut `subject` by each side of `convex` in turn. Sides may touch or coincide. */
function clipConvex(subject: readonly Point[], convex: readonly Point[]): Point[] {
  let kept = [...subject];
  convex.forEach((a, i) => {
    const b = convex[(i + 1) % convex.length];
    const sides = kept.map((p) => {
      const distance = leftOf(a, b, p);
      return Math.abs(distance) <= ON_LINE ? 0 : distance;
    });
    kept = kept.flatMap((p, j) => {
      const next = (j + 1) % sides.length;
      const here = sides[j] >= 0 ? [p] : [];
      return sides[j] * sides[next] < 0 ? [...here, crossing(p, sides[j], kept[next], sides[next])] : here;
    });
  });
  const near = (p: Point, q: Point): boolean => Math.hypot(p.u - q.u, p.v - q.v) < 10 * ON_LINE;
  return kept.map((p) => (p.source ? p : (convex.find((q) => near(p, q)) ?? p)));
}

function crossing(p: Point, dp: number, q: Point, dq: number): Point {
  const t = dp / (dp - dq);
  return { u: p.u + t * (q.u - p.u), v: p.v + t * (q.v - p.v) };
}

/** Both have a bay somewhere. The clipper's absolute epsilon wants coordinates of order one or more. */
function clipAny(a: readonly Point[], b: readonly Point[]): Point[][] {
  const unit = 2 ** 37;
  const known = new Map<string, Point>();
  const ring = (points: readonly Point[]): [number, number][] =>
    points.map((p) => {
      known.set(`${p.u * unit},${p.v * unit}`, p);
      return [p.u * unit, p.v * unit];
    });
  return planeIntersection(ring(a), ring(b)).map(([outer]) =>
    outer.slice(0, -1).map(([u, v]) => known.get(`${u},${v}`) ?? { u: u / unit, v: v / unit }),
  );
}

function planeIntersection(a: [number, number][], b: [number, number][]): [number, number][][][] {
  try {
    return polygonClipping.intersection([a], [b]);
  } catch (error) {
    throw new PolygonError(`the overlap of two outlines could not be traced: ${(error as Error).message}`);
  }
}

function merged(ring: Vec3[]): Vec3[] {
  const near = (p: Vec3, q: Vec3): boolean => p.every((value, k) => Math.abs(value - q[k]) < MERGE);
  const kept: Vec3[] = [];
  for (const p of ring) if (!kept.some((q) => near(p, q))) kept.push(p);
  return kept;
}
