import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { areaSteradians, dot, fromLonLat, SphericalPolygon } from "../../../src/host/wcs/sphere/index.js";

type Ring = [lon: number[], lat: number[]];
interface Case {
  a: Ring;
  b: Ring;
  area: [number, number];
  outside: number;
  centred: number;
  center: [number, number];
  overlap: number;
  vertices: Ring[];
}
const cases = JSON.parse(
  readFileSync(new URL("../../../fixtures/sphere/polygons.json", import.meta.url), "utf8"),
) as Case[];

/** spherical_geometry sums angles of order pi in f64: a few times 4e-16 for each of up to 12 vertices. */
const GIRARD = 2e-14;
/** A microarcsecond, 1e-5 of a Roman pixel: degrees near RA 360 carry 6e-14, crossings at small angles some hundred times that. */
const VERTEX = 5e-12;

function chord(a: Ring, i: number, b: Ring, j: number): number {
  const [p, q] = [fromLonLat(a[0][i], a[1][i]), fromLonLat(b[0][j], b[1][j])];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

describe("spherical polygons against spherical_geometry 1.4.0", () => {
  it("has the same areas, inside and out", () => {
    for (const c of cases) {
      const close = [...c.a[0], c.a[0][0]];
      expect(Math.abs(SphericalPolygon.fromLonLat(...c.a).area() - c.area[0])).toBeLessThan(GIRARD);
      expect(Math.abs(areaSteradians(close, [...c.a[1], c.a[1][0]]) - c.area[0])).toBeLessThan(GIRARD);
      expect(Math.abs(areaSteradians(c.a[0], c.a[1], c.center) - c.centred)).toBeLessThan(GIRARD);
      const afar = [c.center[0] + 150, 3 - 0.8 * c.center[1]] as const;
      expect(Math.abs(areaSteradians(c.a[0], c.a[1], afar) - c.outside)).toBeLessThan(GIRARD);
      expect(c.outside).toBeGreaterThan(12);
    }
  });

  it("has the same intersections", () => {
    let overlapping = 0;
    for (const c of cases) {
      const both = SphericalPolygon.fromLonLat(...c.a).intersection(SphericalPolygon.fromLonLat(...c.b));
      expect(Math.abs(both.area() - c.overlap)).toBeLessThan(GIRARD);
      const rings = both.toLonLat();
      expect(rings.length).toBe(c.vertices.length);
      if (rings.length) overlapping++;
      rings.forEach(({ lon, lat }) => {
        const ours: Ring = [[...lon], [...lat]];
        const peer = c.vertices.find((ring) => chord(ring, 0, ours, 0) < 0.1)!;
        expect(lon.length).toBe(peer[0].length);
        for (let i = 0; i < lon.length; i++) {
          expect(Math.min(...peer[0].map((_, j) => chord(ours, i, peer, j)))).toBeLessThan(VERTEX);
        }
      });
    }
    expect(overlapping).toBeGreaterThan(40);
    expect(overlapping).toBeLessThan(cases.length);
  });

  it("gives a polygon within another back as it was, and a small area in full precision", () => {
    const outer = SphericalPolygon.fromLonLat([10, 11, 11, 10], [-1, -1, 1, 1]);
    const size = 1e-5;
    const inner = SphericalPolygon.fromLonLat([10.5, 10.5 + size, 10.5 + size, 10.5], [0, 0, size, size]);
    const both = outer.intersection(inner);
    expect(new Set(both.rings[0])).toEqual(new Set(inner.rings[0]));
    const side = (size * Math.PI) / 180;
    // relative: the vertices near RA 10.5 carry 2e-15 of 1e-5 degrees
    expect(Math.abs(inner.area() / (side * side) - 1)).toBeLessThan(1e-8);
  });

  it("keeps identical polygons, and sides that touch or lie on one arc", () => {
    const a = SphericalPolygon.fromLonLat([10, 11, 11, 10], [-1, -1, 1, 1]);
    // the ring may start at another vertex: the last bit of the sum
    expect(a.intersection(a).area()).toBeCloseTo(a.area(), 17);
    const beside = SphericalPolygon.fromLonLat([11, 12, 12, 11], [-1, -1, 1, 1]);
    expect(a.intersection(beside).isEmpty).toBe(true);
    const shifted = SphericalPolygon.fromLonLat([10, 11, 11, 10], [-0.5, -0.5, 1.5, 1.5]);
    const expected = SphericalPolygon.fromLonLat([10, 11, 11, 10], [-0.5, -0.5, 1, 1]);
    // the upper side is the arc between two points of latitude 1 in both
    expect(Math.abs(a.intersection(shifted).area() - expected.area())).toBeLessThan(1e-15);
  });

  it("is empty for polygons far apart, for a sliver, and refuses two points", () => {
    const a = SphericalPolygon.fromLonLat([10, 11, 11], [0, 0, 1]);
    expect(a.intersection(SphericalPolygon.fromLonLat([190, 191, 191], [0, 0, 1])).isEmpty).toBe(true);
    expect(SphericalPolygon.fromLonLat([10, 11, 12], [0, 0, 0]).area()).toBe(0);
    expect(() => SphericalPolygon.fromLonLat([10, 11, 10], [0, 0, 0])).toThrow(RangeError);
  });

  it("knows vectors", () => {
    expect(dot(fromLonLat(30, 40), fromLonLat(210, -40))).toBeCloseTo(-1, 15);
  });
});
