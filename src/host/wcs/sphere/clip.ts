import polygonClipping from "polygon-clipping";
import type { Pair, Ring } from "polygon-clipping";
import { add, dot, normalize, scale, tangents } from "./vector.js";
import type { Vec3 } from "./vector.js";

/** Vertices closer than this in every coordinate are one (spherical_geometry 1.4.0 graph.py _add_node). */
const MERGE = 2 ** -32;
/** Plane coordinates in units of about a microarcsecond, so that the clipper's absolute epsilon is far below any vertex. */
const UNIT = 2 ** 37;

/** Outlines of what lies in both rings (open lists of vertices, each well within a hemisphere); empty if they are apart. */
export function intersectRings(a: readonly Vec3[], b: readonly Vec3[]): Vec3[][] {
  const plane = commonPlane(a, b);
  if (!plane) return [];
  const pairs = clip(plane.project(a), plane.project(b));
  return pairs.map((ring) => merged(ring.slice(0, -1).map(plane.lift))).filter((ring) => ring.length >= 3);
}

function clip(a: Ring, b: Ring): Ring[] {
  return polygonClipping.intersection([a], [b]).map((polygon) => polygon[0]);
}

interface Plane {
  project(ring: readonly Vec3[]): Ring;
  lift(p: Pair): Vec3;
}

/** The gnomonic plane about the middle of both rings, if all vertices lie within 80 degrees of it; else they don't meet. */
function commonPlane(a: readonly Vec3[], b: readonly Vec3[]): Plane | undefined {
  const middle = add(normalize(a.reduce(add)), normalize(b.reduce(add)));
  if (dot(middle, middle) < 1e-12) return undefined;
  const centre = normalize(middle);
  if ([...a, ...b].some((p) => dot(p, centre) < 0.17)) return undefined;
  const [e1, e2] = tangents(centre);
  const known = new Map<string, Vec3>();
  return {
    project: (ring) =>
      ring.map((p) => {
        const depth = dot(p, centre);
        const pair: Pair = [(dot(p, e1) / depth) * UNIT, (dot(p, e2) / depth) * UNIT];
        known.set(String(pair), p);
        return pair;
      }),
    // vertices of the inputs come back as they went in
    lift: (pair) =>
      known.get(String(pair)) ??
      normalize(add(centre, add(scale(e1, pair[0] / UNIT), scale(e2, pair[1] / UNIT)))),
  };
}

function merged(ring: Vec3[]): Vec3[] {
  const near = (p: Vec3, q: Vec3): boolean => p.every((value, k) => Math.abs(value - q[k]) < MERGE);
  const kept: Vec3[] = [];
  for (const p of ring) if (!kept.some((q) => near(p, q))) kept.push(p);
  return kept;
}
