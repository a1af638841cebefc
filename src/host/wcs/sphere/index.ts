import { SphericalPolygon } from "./polygon.js";

export { PolygonError } from "./clip.js";
export { SphericalPolygon } from "./polygon.js";
export { type Outline, outlineOf } from "./outline.js";
export * from "./vector.js";

/**
 * Area in steradians of the polygon whose sides are great circle arcs between the given vertices (degrees; closed or not),
 * on the side of the arcs on which `center` lies; without a centre, the smaller side.
 * Source: spherical_geometry 1.4.0, SphericalPolygon.from_radec(ra, dec, center).area().
 */
export function areaSteradians(
  raDeg: ArrayLike<number>,
  decDeg: ArrayLike<number>,
  center?: readonly [ra: number, dec: number],
): number {
  return SphericalPolygon.fromLonLat(raDeg, decDeg, center).area();
}
