import { beforeAll, describe, expect, it } from "vitest";
import { floatsOfHalves } from "../helpers/half.js";
import { MosaicPipeline, type MosaicResult, PIXEL } from "../../src/index.js";
import { measure, record } from "../helpers/record.js";
import { testGpu } from "../helpers/gpu.js";
import {
  compareBlocks,
  compareCatalog,
  compareCrops,
  compareSegmentation,
  type Complaints,
  type MosaicPlanes,
} from "./compare.js";
import { compareMeta } from "./compare_meta.js";
import { fixtures, type Golden, type Numbers, readGolden } from "./golden.js";

const references = {
  override_apcorr: `${fixtures}references/apcorr.asdf`,
  override_epsf: `${fixtures}references/epsf.asdf`,
};

/** The sky case's association describes its sky cell: no skymap file is needed, and the spatial ids that would need one are zero. */
const CASES = [
  { name: "bundled", skymap: `${fixtures}references/skymap_bundled.asdf`, without: [] },
  { name: "pole", skymap: `${fixtures}references/skymap_pole.asdf`, without: [] },
  { name: "sky", skymap: undefined, without: ["flagged_spatial_id"] },
];

/** DQ may differ from romancal's after outlier_detection in this fraction of pixels. */
const DQ_FRACTION = 1e-5;
/** Of the median error of a pixel. */
const SKY_NOISE = 1e-3;
/** Of world coordinates, as compare.py. */
const MAS = 1e-3;

describe.each(CASES)("romancal's $name case", ({ name, skymap, without }) => {
  let result: MosaicResult;
  let golden: Golden;
  let mosaic: MosaicPlanes;

  beforeAll(async () => {
    golden = await readGolden(name);
    result = await MosaicPipeline.call(`${fixtures}${name}/L3_asn.json`, {
      gpu: await testGpu(),
      skymap,
      steps: { source_catalog: references },
      download_exposures: true,
    });
    const { shape, context, ...planes } = await result.mosaic.arrays();
    mosaic = { ny: shape[0], nx: shape[1], planes, context };
  });

  const complaints = (compare: (out: Complaints) => void): Complaints => {
    const out: Complaints = [];
    compare(out);
    return out;
  };

  it("has its sky levels", async () => {
    const apart: number[] = [];
    for (const [i, exposure] of result.exposures.entries()) {
      const { err } = await exposure.arrays();
      const sorted = floatsOfHalves(err)
        .filter((value) => value > 0)
        .sort();
      const noise = sorted[sorted.length >> 1];
      const level = exposure.metadata.number("background.level");
      apart.push(Math.abs(level - golden.sky[i]) / noise);
    }
    record({ kind: "plane", name: "sky level", case: name }, [
      measure("exposures", "pixel noise", SKY_NOISE, apart),
    ]);
    expect(Math.max(...apart)).toBeLessThan(SKY_NOISE);
  });

  it("has its outliers", async () => {
    const perExposure = golden.outliers.length / result.exposures.length;
    const fractions: number[] = [];
    for (const [k, exposure] of result.exposures.entries()) {
      const { dq } = await exposure.arrays();
      let differ = 0;
      for (let i = 0; i < dq.length; i++) {
        const theirs = (golden.outliers[k * perExposure + (i >> 3)] >> (7 - (i & 7))) & 1;
        if (((dq[i] & PIXEL.OUTLIER) !== 0 ? 1 : 0) !== theirs) differ++;
      }
      fractions.push(differ / dq.length);
    }
    record({ kind: "plane", name: "OUTLIER in the exposures' dq", case: name }, [
      measure("exposures", "fraction of the pixels", DQ_FRACTION, fractions),
    ]);
    expect(Math.max(...fractions)).toBeLessThanOrEqual(DQ_FRACTION);
  });

  it("has its mosaic: crops pixel by pixel, the whole in blocks", () => {
    expect([mosaic.ny, mosaic.nx]).toEqual([...golden.shape]);
    expect(complaints((out) => compareCrops(mosaic, golden.crops, out, name))).toEqual([]);
    expect(complaints((out) => compareBlocks(mosaic, golden, out, name))).toEqual([]);
  });

  it("has its grid on the sky", () => {
    const { x, y, ra, dec } = golden.wcs;
    const ours = result.mosaic.wcs.forwardMany(Float64Array.from(x), Float64Array.from(y));
    const apart = Array.from(ra, (_, i) => {
      const across = ((ours.ra[i] - ra[i] + 540) % 360) - 180;
      return Math.hypot(across * Math.cos((dec[i] * Math.PI) / 180), ours.dec[i] - dec[i]) * 3.6e6;
    });
    record({ kind: "plane", name: "wcs", case: name }, [measure("grid of 5 x 5", "mas", MAS, apart)]);
    expect(Math.max(...apart)).toBeLessThan(MAS);
  });

  it("has its metadata, leaf by leaf", () => {
    expect(complaints((out) => compareMeta(result.mosaic.meta, golden.meta, out, name))).toEqual([]);
  });

  it("has its segmentation map", () => {
    const { segmentation } = result;
    expect(
      complaints((out) => compareSegmentation(segmentation?.data ?? [], golden.segmentation, out, name)),
    ).toEqual([]);
  });

  it("has its catalog, every column of it", () => {
    const columns = new Map<string, Numbers>();
    for (const { name: column, data } of result.catalog?.table.columns ?? [])
      columns.set(column, data instanceof BigInt64Array ? Float64Array.from(data, Number) : data);
    expect(Object.keys(golden.catalog).filter((column) => !columns.has(column))).toEqual([]);
    for (const column of without) columns.delete(column);
    expect(complaints((out) => compareCatalog(columns, golden, out, name))).toEqual([]);
  });
});
