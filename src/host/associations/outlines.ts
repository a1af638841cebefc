import { UserError } from "../errors.js";
import type { Wcs } from "../wcs/index.js";
import { type Vec3, add, arcsCross, fromLonLat, normalize, scale } from "../wcs/sphere/index.js";

/** A spherical polygon as matching needs it: open ring of unit vectors and a point inside (of any length). */
export interface Outline {
  readonly ring: readonly Vec3[];
  readonly inside: Vec3;
}

/** The outline of an exposure on the sky, with what the search for neighbours needs. */
export interface Footprint extends Outline {
  /** Radians (as romancal takes it): the longest distance between opposite vertices. */
  readonly length: number;
}

const EDGES_PER_SIDE = 4;

/**
 * An exposure's outline: four edges a side of the bounding box, clipped to the array.
 * Source: romancal 1.0.1 skycell/match.py _ImageFootprint.from_wcs, spherical_geometry 1.4.0 SingleSphericalPolygon.from_wcs.
 * @throws UserError where the WCS has neither bounding box nor shape
 */
export function footprintOf(wcs: Wcs, where: string): Footprint {
  const { boundingBox, arrayShape } = wcs;
  if (!boundingBox && !arrayShape)
    throw new UserError(`${where}: roman.meta.wcs has neither a bounding box nor a pixel_shape`);
  const [ny, nx] = arrayShape ?? [Infinity, Infinity];
  const [[bx0, bx1], [by0, by1]] = boundingBox ?? [
    [-0.5, nx - 0.5],
    [-0.5, ny - 0.5],
  ];
  const steps = Math.max(1, Math.min(EDGES_PER_SIDE, Math.trunc(bx1 - bx0), Math.trunc(by1 - by0)));
  const [x0, x1] = [Math.max(bx0, -0.5), Math.min(bx1, nx - 0.5)];
  const [y0, y1] = [Math.max(by0, -0.5), Math.min(by1, ny - 0.5)];
  const along = (from: number, to: number): number[] =>
    Array.from({ length: steps }, (_, i) => from + (i * (to - from)) / steps);
  const points = [
    ...along(x0, x1).map((x) => [x, y0]),
    ...along(y0, y1).map((y) => [x1, y]),
    ...along(x1, x0).map((x) => [x, y1]),
    ...along(y1, y0).map((y) => [x0, y]),
  ];
  const { ra, dec } = wcs.forwardMany(
    Float64Array.from(points, ([x]) => x),
    Float64Array.from(points, ([, y]) => y),
  );
  const ring = Array.from(ra, (lon, i) => fromLonLat(lon, dec[i]));
  if (!ring.every((p) => p.every(Number.isFinite)))
    throw new UserError(`${where}: roman.meta.wcs gives no sky coordinates for the corners of the image`);
  const half = ring.length / 2;
  const length = Math.max(...ring.slice(0, half).map((p, i) => angleBetween(p, ring[i + half])));
  // romancal averages the closed list: its first vertex counts twice
  return { ring, inside: normalize([...ring, ring[0]].reduce(add)), length };
}

export function angleBetween(a: Vec3, b: Vec3): number {
  return 2 * Math.asin(Math.min(1, chord(a, b) / 2));
}

/** Straight distance of two points. */
export function chord(a: Vec3, b: Vec3): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** A polygon of vertices in degrees; without `inside`, the mean of the vertices is a point inside. */
export function outlineFrom(lon: readonly number[], lat: readonly number[], inside?: Vec3): Outline {
  const ring = lon.map((value, i) => fromLonLat(value, lat[i]));
  return { ring, inside: inside ?? scale(ring.reduce(add), 1 / ring.length) };
}

/** Is the point inside: does an even number of sides lie between it and the inside point? */
function contains({ ring, inside }: Outline, point: Vec3): boolean {
  let odd = false;
  for (let i = 0; i < ring.length; i++)
    if (arcsCross(ring[i], ring[(i + 1) % ring.length], inside, point)) odd = !odd;
  return !odd;
}

/** Do two polygons have a point in common? Source: spherical_geometry 1.4.0 SingleSphericalPolygon.intersects_poly. */
export function intersects(a: Outline, b: Outline): boolean {
  if (b.ring.some((p) => contains(a, p)) || a.ring.some((p) => contains(b, p))) return true;
  return a.ring.some((p, i) => {
    const q = a.ring[(i + 1) % a.ring.length];
    return b.ring.some((r, j) => arcsCross(p, q, r, b.ring[(j + 1) % b.ring.length]));
  });
}

const CONE_STEPS = 15;

/**
 * A circle on the sky as fifteen arcs. Source: spherical_geometry 1.4.0 from_cone with its 16 steps, the last the first.
 * @param radius degrees
 */
export function coneOutline(lon: number, lat: number, radius: number): Outline {
  const centre = fromLonLat(lon, lat);
  const squares = centre.map((value) => value * value);
  const axis = squares.indexOf(Math.min(...squares));
  const [u, v, w] = centre;
  // the centre crossed with the axis it is farthest from
  const across = normalize(axis === 0 ? [0, w, -v] : axis === 1 ? [-w, 0, u] : [v, -u, 0]);
  const pen = rotated(centre, across, (radius * Math.PI) / 180);
  const ring = Array.from({ length: CONE_STEPS }, (_, i) =>
    rotated(pen, centre, (2 * Math.PI * (CONE_STEPS - i)) / CONE_STEPS),
  );
  return { ring, inside: centre };
}

/** Rodrigues's rotation of `p` about the unit vector `axis`. */
function rotated([x, y, z]: Vec3, [u, v, w]: Vec3, angle: number): Vec3 {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const along = (u * x + v * y + w * z) * (1 - cos);
  return [
    u * along + x * cos + (v * z - w * y) * sin,
    v * along + y * cos + (w * x - u * z) * sin,
    w * along + z * cos + (u * y - v * x) * sin,
  ];
}
