import { intersectRings } from "./clip.js";
import {
  add,
  arcsCross,
  cross,
  dot,
  fromLonLat,
  normalize,
  scale,
  subtract,
  tangents,
  toLonLat,
  triple,
} from "./vector.js";
import type { Vec3 } from "./vector.js";

const SPHERE = 4 * Math.PI;

/**
 * Disjoint polygons on the unit sphere, their sides great circle arcs. Each ring is held open (no repeated first vertex),
 * clockwise seen from outside where its interior is the smaller side.
 * Source: spherical_geometry 1.4.0 polygon.py and graph.py; here areas are summed over triangles, which loses nothing for
 * small polygons, and intersections are taken in a gnomonic plane, where arcs are straight.
 */
export class SphericalPolygon {
  constructor(readonly rings: readonly (readonly Vec3[])[]) {}

  /** From vertices in degrees, closed or not; `center` is a point inside, else the smaller side is the inside. */
  static fromLonLat(
    lon: ArrayLike<number>,
    lat: ArrayLike<number>,
    center?: readonly [lon: number, lat: number],
  ): SphericalPolygon {
    const points = Array.from({ length: lon.length }, (_, i) => fromLonLat(lon[i], lat[i]));
    const ring = points.filter((p, i) => i === 0 || !same(p, points[i - 1]));
    if (ring.length > 1 && same(ring[0], ring[ring.length - 1])) ring.pop();
    if (ring.length < 3) throw new RangeError(`a spherical polygon needs three vertices, not ${ring.length}`);
    const turns = turning(ring);
    if (isDegenerate(ring, turns)) return new SphericalPolygon([]);
    const clockwise = turns.reduce((sum, t) => sum + t, 0) > 0;
    const forward =
      clockwise === (center === undefined || contains(ring, turns, clockwise, fromLonLat(...center)));
    return new SphericalPolygon([forward ? ring : ring.reverse()]);
  }

  get isEmpty(): boolean {
    return this.rings.length === 0;
  }

  /** Area in steradians. */
  area(): number {
    return this.rings.reduce((sum, ring) => sum + ringArea(ring), 0);
  }

  /** What lies in both. Both must be smaller than a hemisphere. Throws PolygonError where it cannot be traced. */
  intersection(other: SphericalPolygon): SphericalPolygon {
    const rings = this.rings.flatMap((a) => other.rings.flatMap((b) => intersectRings(a, b)));
    return new SphericalPolygon(
      rings.filter((ring) => !isDegenerate(ring, turning(ring))).map((ring) => orient(ring)),
    );
  }

  /** The rings in degrees, each closed by its first vertex. */
  toLonLat(): { lon: Float64Array; lat: Float64Array }[] {
    return this.rings.map((ring) => {
      const closed = [...ring, ring[0]].map(toLonLat);
      return { lon: Float64Array.from(closed, (p) => p[0]), lat: Float64Array.from(closed, (p) => p[1]) };
    });
  }
}

function same(a: Vec3, b: Vec3): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

function orient(ring: Vec3[]): Vec3[] {
  return turning(ring).reduce((sum, t) => sum + t, 0) > 0 ? ring : ring.reverse();
}

/** At each vertex, positive where the ring turns clockwise: (A - B) x (C - B) . B. Entry i belongs to vertex i + 1. */
function turning(ring: readonly Vec3[]): number[] {
  return ring.map((a, i) => {
    const b = ring[(i + 1) % ring.length];
    const c = ring[(i + 2) % ring.length];
    return dot(cross(subtract(a, b), subtract(c, b)), b);
  });
}

/** All vertices on one great circle, by the smallest eigenvalue of their second moments (spherical_geometry's rule). */
function isDegenerate(ring: readonly Vec3[], turns: readonly number[]): boolean {
  if (ring.length < 3) return true;
  if (Math.max(...turns.map(Math.abs)) >= 1e-11) return false;
  const [thin, , wide] = extents(ring);
  return thin < 1e-16 * wide;
}

/** Second moments along the mean direction and the two axes of the spread about it, ascending. */
function extents(ring: readonly Vec3[]): [number, number, number] {
  const mean = normalize(ring.reduce(add));
  const [e1, e2] = tangents(mean);
  let [uu, uv, vv, ww] = [0, 0, 0, 0];
  for (const p of ring) {
    const q = subtract(p, mean);
    const [u, v] = [dot(q, e1), dot(q, e2)];
    uu += u * u;
    uv += u * v;
    vv += v * v;
    ww += dot(p, mean) ** 2;
  }
  const middle = (uu + vv) / 2;
  const spread = Math.hypot((uu - vv) / 2, uv);
  const large = middle + spread;
  return [large > 0 ? Math.max(0, uu * vv - uv * uv) / large : 0, large, Math.max(large, ww)];
}

/** Is `point` on the same side of the ring as the smaller side's own inside point? */
function contains(ring: readonly Vec3[], turns: readonly number[], clockwise: boolean, point: Vec3): boolean {
  const inside = insidePoint(ring, turns, clockwise);
  let crossings = 0;
  ring.forEach((a, i) => {
    if (arcsCross(a, ring[(i + 1) % ring.length], point, inside)) crossings++;
  });
  return crossings % 2 === 0;
}

/** The middle of the chord that cuts off the sharpest corner; of a triangle, the mean. */
function insidePoint(ring: readonly Vec3[], turns: readonly number[], clockwise: boolean): Vec3 {
  if (ring.length === 3) return normalize(ring.reduce(add));
  let best = 0;
  turns.forEach((t, i) => {
    if (clockwise ? t > turns[best] : t < turns[best]) best = i;
  });
  return normalize(scale(add(ring[best], ring[(best + 2) % ring.length]), 0.5));
}

/** Clockwise rings have their inner area, the others what is left of the sphere. */
function ringArea(ring: readonly Vec3[]): number {
  let sum = 0;
  const a = ring[0];
  for (let i = 1; i + 1 < ring.length; i++) {
    const [b, c] = [ring[i], ring[i + 1]];
    // tan(E / 2) of a triangle (Eriksson 1990)
    sum += 2 * Math.atan2(triple(a, b, c), 1 + dot(a, b) + dot(b, c) + dot(c, a));
  }
  const area = -sum % SPHERE;
  return area < 0 ? area + SPHERE : area;
}
