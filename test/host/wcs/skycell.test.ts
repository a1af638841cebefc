import fc from "fast-check";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Field, fieldSize, HOST_ORDER, itemSize } from "../../../src/host/asdf/datatype.js";
import { putElement } from "../../../src/host/asdf/element.js";
import {
  type AsdfMap,
  copyTree,
  MemoryStore,
  NdArray,
  openAsdf,
  tagOf,
  TaggedScalar,
  writeAsdf,
} from "../../../src/host/asdf/index.js";
import { Skymap } from "../../../src/host/models/index.js";
import {
  l3WcsInfo,
  l3WcsInfoToAsdf,
  makeFitsImagingWcs,
  meanPixelArea,
  type SkycellInfo,
  skycellWcs,
  Wcs,
} from "../../../src/host/wcs/index.js";
import { fixture } from "../../helpers/cli.js";
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
  projection_regions: Record<string, number[]>;
  rows: number[];
  skycells: Record<string, (string | number)[]>;
  cells: (Evaluation & { info: Required<SkycellInfo>; l3: L3Golden; mean_pixel_area: number })[];
}

const cells = golden<Cells>("skycells");

/** A skymap of the golden's tables, of which it holds some rows: the others stay empty. */
async function skymap(regions = cells.projection_regions): Promise<Skymap> {
  const file = await openAsdf(fixture("references/skymap_bundled.asdf"));
  const roman = copyTree(file.tree.roman as AsdfMap);
  await file.close();
  Object.assign(roman.meta as AsdfMap, {
    pixel_scale: cells.pixel_scale,
    nxy_skycell: cells.nxy_skycell,
  });
  const length = Math.max(...cells.rows) + 1;
  const spread = Object.entries(cells.skycells).map(([name, values]) => {
    const column = new Array<string | number>(length).fill(name === "name" ? "" : NaN);
    cells.rows.forEach((row, i) => (column[row] = values[i]));
    return [name, column] as const;
  });
  roman.skycells = table(Object.fromEntries(spread));
  roman.projection_regions = table(regions);
  const path = join(await mkdtemp(join(tmpdir(), "skymap-")), "skymap.asdf");
  await writeAsdf(path, { roman });
  return Skymap.open(path);
}

function table(columns: Readonly<Record<string, readonly (string | number)[]>>): NdArray {
  const fields = Object.entries(columns).map(([name, [first]]): Field => {
    return { name, datatype: typeof first === "string" ? ["ucs4", 16] : "float64" };
  });
  const rows = columns[fields[0].name].length;
  const view = new DataView(new ArrayBuffer(rows * itemSize(fields)));
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (const field of fields) {
      putElement(view, at, field.datatype, HOST_ORDER, columns[field.name][row], "table");
      at += fieldSize(field);
    }
  }
  return new NdArray({
    shape: [rows],
    datatype: fields,
    store: new MemoryStore(new Uint8Array(view.buffer)),
  });
}

describe("sky cells against romancal", () => {
  let sky: Skymap;
  beforeAll(async () => {
    sky = await skymap();
  });
  afterAll(() => sky.close());

  it("a name that is not in the skymap", async () => {
    expect(await sky.cell("123m45x50y50")).toBeUndefined();
  });
  it("a row in no projection region", async () => {
    const { skycell_end, ...rest } = cells.projection_regions;
    const shorter = await skymap({ ...rest, skycell_end: skycell_end.map((end) => end - 1) });
    const last = cells.skycells.name.at(-1) as string;
    await expect(shorter.cell(last)).rejects.toThrow(/000p86x76y60 belongs to no projection region/);
    await shorter.close();
  });
  for (const expected of cells.cells) {
    describe(expected.info.name, () => {
      const wcs = skycellWcs(expected.info);
      const [x, y, ra, dec] = [expected.x, expected.y, expected.ra, expected.dec].map(column);
      const limit = (1e-9 * 0.055) / 3600; // degrees: 1e-9 of a pixel

      it("information from the skymap's tables", async () => {
        expect(await sky.cell(expected.info.name)).toEqual(expected.info);
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
        const level3 = l3WcsInfo(wcs, [expected.info.ny, expected.info.nx]);
        const back = makeFitsImagingWcs({
          crpix: [level3.x_ref, level3.y_ref],
          crval: [level3.ra_ref, level3.dec_ref],
          cdelt: [level3.pixel_scale_ref, level3.pixel_scale_ref],
          pc: level3.rotation_matrix,
        });
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
  if (node instanceof NdArray) return { shape: [...node.shape], data: [...(await node.readNumbers())] };
  if (node instanceof TaggedScalar) return node.tag.endsWith(":float") ? node.value : [node.tag, node.value];
  if (Array.isArray(node)) return Promise.all(node.map(plain));
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(async ([key, value]) => [key, await plain(value)] as const);
  return { tag: tagOf(node as Record<string, never>), ...Object.fromEntries(await Promise.all(entries)) };
}

describe("mistakes", () => {
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
