import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tagOf } from "../../../src/host/asdf/index.js";
import {
  l3WcsInfo,
  l3WcsInfoToAsdf,
  l3WcsInfoToWcs,
  meanPixelArea,
  projectionRegionOf,
  type SkycellInfo,
  skycellInfo,
  skycellWcs,
  type SkymapTables,
  Wcs,
} from "../../../src/host/wcs/index.js";
import {
  areaLimit,
  offEdges,
  pick,
  column,
  type Evaluation,
  golden,
  type L3Golden,
  skyError,
  tree,
  worst,
} from "./helpers.js";
import { expectL3 } from "./l3_expect.js";

interface Cells {
  pixel_scale: number;
  nxy_skycell: number;
  projection_regions: Record<keyof SkymapTables["projectionRegions"], number[]>;
  rows: number[];
  skycells: { name: string[] } & Record<Exclude<keyof SkymapTables["skycells"], "name">, number[]>;
  cells: (Evaluation & { info: SkycellInfo; l3: L3Golden; mean_pixel_area: number })[];
}

const cells = golden<Cells>("skycells");

/** The whole tables, of which the golden holds some rows: the others stay empty. */
function tables(): SkymapTables {
  const length = Math.max(...cells.projection_regions.skycell_end);
  const spread = <T>(values: T[], none: T): T[] => {
    const out = new Array<T>(length).fill(none);
    cells.rows.forEach((row, i) => (out[row] = values[i]));
    return out;
  };
  const { name, ra_center, dec_center, orientat, x_tangent, y_tangent } = cells.skycells;
  return {
    pixelScale: cells.pixel_scale,
    nxySkycell: cells.nxy_skycell,
    projectionRegions: cells.projection_regions,
    skycells: {
      name: spread(name, ""),
      ra_center: spread(ra_center, NaN),
      dec_center: spread(dec_center, NaN),
      orientat: spread(orientat, NaN),
      x_tangent: spread(x_tangent, NaN),
      y_tangent: spread(y_tangent, NaN),
    },
  };
}

describe("sky cells against romancal", () => {
  for (const expected of cells.cells) {
    describe(expected.info.name, () => {
      const wcs = skycellWcs(expected.info);
      const [x, y, ra, dec] = [expected.x, expected.y, expected.ra, expected.dec].map(column);
      const limit = (1e-9 * 0.055) / 3600; // degrees: 1e-9 of a pixel

      it("information from the skymap's tables", () => {
        expect(skycellInfo(tables(), expected.info.name)).toEqual(expected.info);
      });
      it("forward and inverse to 1e-9 of a pixel", () => {
        expect(skyError(wcs.forwardMany(x, y), ra, dec)).toBeLessThan(limit);
        const got = wcs.inverseMany(ra, dec);
        expect(worst(got.x, column(expected.inverse_x ?? []))).toBeLessThan(1e-9);
        expect(worst(got.y, column(expected.inverse_y ?? []))).toBeLessThan(1e-9);
      });
      it("with the bounding box", () => {
        const sky = wcs.forwardMany(x, y, { withBoundingBox: true });
        expect(skyError(sky, column(expected.boxed_ra), column(expected.boxed_dec))).toBeLessThan(limit);
        const at = offEdges(expected);
        const got = wcs.inverseMany(pick(ra, at), pick(dec, at), { withBoundingBox: true });
        expect(worst(got.x, pick(column(expected.boxed_x), at))).toBeLessThan(1e-9);
        expect(worst(got.y, pick(column(expected.boxed_y), at))).toBeLessThan(1e-9);
      });
      it("level-3 wcsinfo and mean pixel area", () => {
        expectL3(l3WcsInfo(wcs, [expected.info.ny, expected.info.nx]), expected.l3);
        const difference = Math.abs((meanPixelArea(wcs) as number) - expected.mean_pixel_area);
        expect(difference).toBeLessThan(areaLimit(5000));
      });
      it("level-3 wcsinfo gives the WCS back", () => {
        const back = l3WcsInfoToWcs(l3WcsInfo(wcs, [expected.info.ny, expected.info.nx]));
        expect(back.forward(17, 4000)).toEqual(wcs.forward(17, 4000));
      });
    });
  }
});

describe("what is written", () => {
  it("has the nodes, tags and values of romancal's tree", async () => {
    const want = (await tree("skycell")).wcs;
    const info = cells.cells[0].info;
    const ours = skycellWcs(info).toAsdf();
    expect(await plain(ours)).toEqual(await plain(want));
    const back = await Wcs.fromAsdf(ours);
    expect(back.forward(1, 2)).toEqual(skycellWcs(info).forward(1, 2));
  });

  it("level-3 wcsinfo: reals stay reals, integers integers, keys sorted", () => {
    const node = l3WcsInfoToAsdf(l3WcsInfo(skycellWcs(cells.cells[0].info), [5000, 5000]));
    expect(Object.keys(node)).toEqual([...Object.keys(node)].sort());
    expect(node.image_shape).toEqual([5000, 5000]);
    expect(tagOf(node.x_ref)).toBe("tag:yaml.org,2002:float");
  });
});

/** A tree as plain values with its tags, arrays as lists. */
async function plain(node: unknown): Promise<unknown> {
  const { NdArray, TaggedScalar } = await import("../../../src/host/asdf/index.js");
  if (node instanceof NdArray) return { shape: [...node.shape], data: [...(await node.readNumbers())] };
  if (node instanceof TaggedScalar) return node.tag.endsWith(":float") ? node.value : [node.tag, node.value];
  if (Array.isArray(node)) return Promise.all(node.map(plain));
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(async ([key, value]) => [key, await plain(value)] as const);
  return { tag: tagOf(node as Record<string, never>), ...Object.fromEntries(await Promise.all(entries)) };
}

describe("mistakes", () => {
  it("a name that is not in the skymap", () => {
    expect(() => skycellInfo(tables(), "123m45x50y50")).toThrow(/no sky cell named "123m45x50y50"/);
  });
  it("a row in no projection region", () => {
    expect(projectionRegionOf(tables(), 1e9)).toBe(-1);
  });
  it("a shape that is none", () => {
    expect(() => skycellWcs({ ...cells.cells[0].info, nx: 12.5 })).toThrow(/whole numbers of pixels/);
  });
});

describe("there and back anywhere on the sky", () => {
  const angle = (low: number, high: number): fc.Arbitrary<number> =>
    fc.oneof(fc.double({ min: low, max: high, noNaN: true }), fc.constantFrom(low, high, 0));
  const offset = fc.double({ min: -20000, max: 20000, noNaN: true });
  it("pixel -> sky -> pixel", () => {
    fc.assert(
      fc.property(
        angle(0, 360),
        angle(-90, 90),
        angle(-180, 180),
        offset,
        offset,
        (ra, dec, orientat, x0, y0) => {
          const wcs = skycellWcs({
            ...cells.cells[0].info,
            ra_projection_center: ra,
            dec_projection_center: dec,
            orientat_projection_center: orientat,
            x0_projection: x0,
            y0_projection: y0,
          });
          const [x, y] = wcs.inverse(...wcs.forward(123.25, 4321.5));
          // declinations near 90 degrees step by 9e-10 of a pixel, right ascensions by up to 4e-9; a few steps on the way
          expect(Math.hypot(x - 123.25, y - 4321.5)).toBeLessThan(2e-8);
        },
      ),
      { seed: 7, numRuns: 500 },
    );
  });
});
