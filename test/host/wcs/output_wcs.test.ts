import { describe, expect, it } from "vitest";
import type { AsdfMap } from "../../../src/host/asdf/index.js";
import {
  l3WcsInfo,
  makeOutputWcs,
  type OutputInput,
  type ReferenceWcsInfo,
  Wcs,
} from "../../../src/host/wcs/index.js";
import { column, type Evaluation, golden, type L3Golden, skyError, tree } from "./helpers.js";
import { expectL3 } from "./l3_expect.js";

interface Case extends Evaluation {
  label: "small" | "full";
  options: {
    pscale: number | null;
    pscale_ratio: number;
    rotation?: number;
    shape?: [number, number];
    crpix?: [number, number];
    crval?: [number, number];
  };
  pscale: number;
  pscale_ratio: number;
  parameters: { crpix: number[]; crval: number[]; cdelt: number[]; pc: number[] };
  array_shape: [number, number];
  l3: L3Golden;
}
/** Pixels: the scale is known to 1e-10 or so (an arc of one pixel), the image's edges lie hundreds of pixels from its reference. */
const SLACK = 3e-7;
type Info = ReferenceWcsInfo & { size: number };

const outputs = golden<{ small_info: Info; full_info: Info; cases: Case[] }>("outputs");
const nodes = (await tree("trees")).wcs as AsdfMap;

async function inputs(label: Case["label"]): Promise<OutputInput[]> {
  const info = label === "small" ? outputs.small_info : outputs.full_info;
  const names = label === "small" ? ["small0", "small1", "small2", "small3"] : ["full0", "full1"];
  const wcses = await Promise.all(names.map((name) => Wcs.fromAsdf(nodes[name])));
  return wcses.map((wcs) => ({ wcs, wcsinfo: info, shape: [info.size, info.size] }));
}

describe("output WCS computed from the inputs, against romancal's make_output_wcs", () => {
  outputs.cases.forEach((expected, k) => {
    const { pscale, pscale_ratio, ...rest } = expected.options;
    it(`${k} ${expected.label} ${JSON.stringify(expected.options)}`, async () => {
      const given = { ...rest, pscaleRatio: pscale_ratio, ...(pscale !== null && { pscale }) };
      const { wcs, pixelScale, pixelScaleRatio } = makeOutputWcs(await inputs(expected.label), given);
      expect([...(wcs.arrayShape ?? [])]).toEqual(expected.array_shape);
      expect(wcs.boundingBox).toEqual(expected.bounding_box);
      // from an arc of one pixel between unit vectors good to 1e-16: 1e-9 of its length
      expect(Math.abs(pixelScale / expected.pscale - 1)).toBeLessThan(2e-9);
      // a ratio made of the first exposure's area has half of areaLimit's 1.5e-6
      expect(Math.abs(pixelScaleRatio / expected.pscale_ratio - 1)).toBeLessThan(
        pscale === null ? 2e-9 : 1e-6,
      );
      const { crpix, crval, cdelt, pc } = wcs.fitsImaging ?? fail();
      const limits = { crpix: SLACK, crval: 1e-12, cdelt: 1e-13, pc: 1e-15 };
      const got = { crpix, crval, cdelt, pc: pc.flat() };
      for (const key of Object.keys(limits) as (keyof typeof limits)[])
        expected.parameters[key].forEach((value, i) =>
          expect(Math.abs(got[key][i] - value), key).toBeLessThan(limits[key]),
        );
      const sky = wcs.forwardMany(column(expected.x), column(expected.y));
      expect(skyError(sky, column(expected.ra), column(expected.dec))).toBeLessThan((SLACK * 0.11) / 3600);
      expectL3(l3WcsInfo(wcs, expected.array_shape), expected.l3, SLACK);
    });
  });

  it("keeps the frames of the first exposure in the tree, which reads back", async () => {
    const { wcs } = makeOutputWcs(await inputs("small"));
    const back = await Wcs.fromAsdf(wcs.toAsdf());
    expect(back.frames).toEqual(["detector", "world"]);
    expect(back.forward(3, 5)).toEqual(wcs.forward(3, 5));
  });

  it("mistakes are told", async () => {
    expect(() => makeOutputWcs([])).toThrow(/no exposure/);
    const all = await inputs("small");
    expect(() => makeOutputWcs(all, { pscale: 1 })).toThrow(/would hold/);
  });
});

function fail(): never {
  throw new Error("not a FITS-imaging WCS");
}
