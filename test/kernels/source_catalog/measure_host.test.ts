import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeFitsImagingWcs } from "../../../src/host/wcs/index.js";
import { energyCurve } from "../../../src/pipelines/source_catalog/catalog_energy.js";
import { spatialIds } from "../../../src/pipelines/source_catalog/catalog_spatial_id.js";
import { columnNames, emptyTable, makeTable } from "../../../src/pipelines/source_catalog/columns.js";
import { nearestNeighbors } from "../../../src/pipelines/source_catalog/measure_neighbors.js";
import { abMagnitude, fluxFactor, pixelSide, skyScale } from "../../../src/pipelines/source_catalog/units.js";
import { uniforms } from "../../reference/random.js";

describe("nearest neighbours", () => {
  it("are those that all pairs give", () => {
    const x = uniforms(300, 1).map((u) => u * 100);
    const y = uniforms(300, 2).map((u) => u * 100);
    x[7] = NaN;
    const { label, distance } = nearestNeighbors(x, y);
    x.forEach((at, i) => {
      if (Number.isNaN(at)) return void expect([label[i], distance[i]]).toEqual([-1, NaN]);
      let best = Infinity;
      x.forEach((other, j) => {
        if (j !== i && !Number.isNaN(other)) best = Math.min(best, Math.hypot(other - at, y[j] - y[i]));
      });
      expect(distance[i]).toBe(best);
      expect(Math.hypot(x[label[i] - 1] - at, y[label[i] - 1] - y[i])).toBe(best);
    });
  });

  it("are none for one source or none", () => {
    expect(nearestNeighbors([3], [4])).toEqual({ label: Int32Array.of(-1), distance: Float64Array.of(NaN) });
    expect(nearestNeighbors([], []).label.length).toBe(0);
  });
});

describe("encircled energy", () => {
  it("is the cubic itself, inside and beyond, through points of a cubic", () => {
    const coefficient = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(coefficient, coefficient, coefficient, coefficient, (a, b, c, d) => {
        const cubic = (r: number): number => a + r * (b + r * (c + r * d));
        const radii = [0.25, 0.6, 1, 1.7, 2, 3.5];
        const curve = energyCurve(radii, radii.map(cubic));
        // a not-a-knot spline of four points or more has cubics for its own; f64 rounding of the solve
        for (const r of [0.1, 0.25, 0.9, 1.7, 3, 5])
          expect(Math.abs(curve(r) - cubic(r))).toBeLessThan(1e-11 * 600);
      }),
    );
  });

  it("refuses what is no curve", () => {
    expect(() => energyCurve([1, 2, 3], [0, 1, 2])).toThrow(RangeError);
    expect(() => energyCurve([1, 2, 2, 3], [0, 1, 2, 3])).toThrow(RangeError);
  });
});

describe("scale of the sky", () => {
  const wcs = (angle: number) =>
    makeFitsImagingWcs({
      name: "test",
      crpix: [50, 40],
      crval: [10, -70],
      cdelt: [1e-5, 1e-5],
      pc: [
        [-Math.cos(angle), Math.sin(angle)],
        [Math.sin(angle), Math.cos(angle)],
      ],
    });

  it("is the WCS's, and North where it points", () => {
    const scale = skyScale(wcs(0.3), 101, 81);
    expect(scale.pixelScale).toBeCloseTo(0.036, 9);
    expect(scale.northAngle).toBeCloseTo(90 - (0.3 * 180) / Math.PI, 5);
    expect(pixelSide(scale)).toBeCloseTo(0.036, 9);
    expect(fluxFactor(scale)).toBeCloseTo(1e15 * ((0.036 / 3600) * (Math.PI / 180)) ** 2, 3);
  });

  it("takes the area that the metadata give, unless it is a placeholder", () => {
    expect(skyScale(wcs(0), 101, 81, 2e-13).pixelArea).toBe(2e-13);
    expect(skyScale(wcs(0), 101, 81, -999999).pixelArea).toBeLessThan(1e-12);
  });

  it("AB magnitudes of 3630.78 Jy and of what is not positive", () => {
    expect(abMagnitude(3.630780547701003e12, 3.63e10)[0]).toBeCloseTo(0, 12);
    expect(abMagnitude(100, 10)[1]).toBeCloseTo(2.5 * Math.log10(1.1), 14);
    for (const flux of [0, -1, NaN]) expect(abMagnitude(flux, 1)).toEqual([NaN, NaN]);
  });
});

describe("the table", () => {
  it("has romancal's order and leaves out what was not measured", () => {
    const table = makeTable(
      2,
      new Map([
        ["nn_label", [3, 4]],
        ["label", [1, 2]],
      ]),
    );
    expect(table.columns.map(({ name, datatype }) => [name, datatype])).toEqual([
      ["label", "int32"],
      ["nn_label", "int32"],
    ]);
    expect(columnNames(true).length).toBe(74);
    expect(columnNames(false).some((name) => name.includes("psf"))).toBe(false);
  });

  it("refuses a column romancal does not have and one of another length", () => {
    expect(() => makeTable(1, new Map([["flux", [1]]]))).toThrow(/no catalog column flux/);
    expect(() => makeTable(2, new Map([["label", [1]]]))).toThrow(/1 rows of 2/);
  });

  it("is romancal's empty one where nothing was found", () => {
    const { rows, columns, meta } = emptyTable();
    expect([rows, columns.length, meta]).toEqual([0, 54, undefined]);
    expect(columns[0].name).toBe("flagged_spatial_id");
    expect(columns.every(({ data }) => data.length === 0)).toBe(true);
  });
});

describe("flagged_spatial_id", () => {
  const sky = { ra: Float64Array.of(270), dec: Float64Array.of(66) };
  it("is zero without a sky cell", () => {
    expect(Array.from(spatialIds(undefined, Float32Array.of(1), Float32Array.of(2), sky))).toEqual([0n]);
  });
});
