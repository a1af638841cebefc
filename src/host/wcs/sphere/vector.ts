/** Unit vectors in f64. */
export type Vec3 = readonly [number, number, number];

const DEGREE = Math.PI / 180;

/** Longitude and latitude in degrees to a unit vector. */
export function fromLonLat(lon: number, lat: number): Vec3 {
  const cosLat = Math.cos(lat * DEGREE);
  return [Math.cos(lon * DEGREE) * cosLat, Math.sin(lon * DEGREE) * cosLat, Math.sin(lat * DEGREE)];
}

/** A vector's longitude in [0, 360) and latitude, in degrees. */
export function toLonLat([x, y, z]: Vec3): [lon: number, lat: number] {
  const lon = Math.atan2(y, x);
  const turn = 2 * Math.PI;
  return [
    (lon < 0 ? lon + turn : lon) * (180 / Math.PI),
    Math.atan2(z, Math.sqrt(x * x + y * y)) * (180 / Math.PI),
  ];
}

export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function add(a: Vec3, b: Vec3): Vec3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function scale(a: Vec3, s: number): Vec3 {
  return [a[0] * s, a[1] * s, a[2] * s];
}

export function normalize(a: Vec3): Vec3 {
  const length = Math.hypot(a[0], a[1], a[2]);
  return [a[0] / length, a[1] / length, a[2] / length];
}

/** Two unit vectors that span the plane tangent at `p`. */
export function tangents(p: Vec3): [Vec3, Vec3] {
  const axis: Vec3 = Math.abs(p[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
  const e1 = normalize(cross(axis, p));
  return [e1, cross(p, e1)];
}

/** a . (b x c), by differences: no cancellation when the three lie close together. */
export function triple(a: Vec3, b: Vec3, c: Vec3): number {
  return dot(a, cross(subtract(b, a), subtract(c, a)));
}

/** Does the great circle arc ab cross the arc cd? Touching at a shared end is no crossing. */
export function arcsCross(a: Vec3, b: Vec3, c: Vec3, d: Vec3): boolean {
  const ends = (p: Vec3, q: Vec3): boolean => p[0] === q[0] && p[1] === q[1] && p[2] === q[2];
  if (ends(a, c) || ends(a, d) || ends(b, c) || ends(b, d)) return false;
  const sides = [triple(a, b, c), triple(a, b, d), triple(c, d, a), triple(c, d, b)];
  if (sides[0] * sides[1] >= 0 || sides[2] * sides[3] >= 0) return false;
  // the two great circles meet at antipodes: both arcs must pass the same one
  return sides[0] < 0 === sides[3] < 0;
}
