import { beforeAll, describe, expect, it } from "vitest";
import { floatsOfHalves } from "../helpers/half.js";
import { MosaicPipeline, type MosaicResult, PIXEL } from "../../src/index.js";
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
    for (const [i, exposure] of result.exposures.entries()) {
      const { err } = await exposure.arrays();
      const sorted = floatsOfHalves(err)
        .filter((value) => value > 0)
        .sort();
      const noise = sorted[sorted.length >> 1];
      const level = exposure.metadata.number("background.level");
      expect(Math.abs(level - golden.sky[i]) / noise).toBeLessThan(SKY_NOISE);
    }
  });

  it("has its outliers", async () => {
    const perExposure = golden.outliers.length / result.exposures.length;
    for (const [k, exposure] of result.exposures.entries()) {
      const { dq } = await exposure.arrays();
      let differ = 0;
      for (let i = 0; i < dq.length; i++) {
        const theirs = (golden.outliers[k * perExposure + (i >> 3)] >> (7 - (i & 7))) & 1;
        if (((dq[i] & PIXEL.OUTLIER) !== 0 ? 1 : 0) !== theirs) differ++;
      }
      expect(differ).toBeLessThanOrEqual(DQ_FRACTION * dq.length);
    }
  });

  it("has its mosaic: crops pixel by pixel, the whole in blocks", () => {
    expect([mosaic.ny, mosaic.nx]).toEqual([...golden.shape]);
    expect(complaints((out) => compareCrops(mosaic, golden.crops, out))).toEqual([]);
    expect(complaints((out) => compareBlocks(mosaic, golden, out))).toEqual([]);
  });

  it("has its grid on the sky", () => {
    const { x, y, ra, dec } = golden.wcs;
    const ours = result.mosaic.wcs.forwardMany(Float64Array.from(x), Float64Array.from(y));
    for (let i = 0; i < ra.length; i++) {
      const across = ((ours.ra[i] - ra[i] + 540) % 360) - 180;
      const separation =
        Math.hypot(across * Math.cos((dec[i] * Math.PI) / 180), ours.dec[i] - dec[i]) * 3.6e6;
      expect(separation).toBeLessThan(1e-3); // mas, as compare.py
    }
  });

  it("has its metadata, leaf by leaf", () => {
    expect(complaints((out) => compareMeta(result.mosaic.meta, golden.meta, out))).toEqual([]);
  });

  it("has its segmentation map", () => {
    const { segmentation } = result;
    expect(
      complaints((out) => compareSegmentation(segmentation?.data ?? [], golden.segmentation, out)),
    ).toEqual([]);
  });

  it("has its catalog, every column of it", () => {
    const columns = new Map<string, Numbers>();
    for (const { name: column, data } of result.catalog?.table.columns ?? [])
      columns.set(column, data instanceof BigInt64Array ? Float64Array.from(data, Number) : data);
    expect(Object.keys(golden.catalog).filter((column) => !columns.has(column))).toEqual([]);
    for (const column of without) columns.delete(column);
    expect(complaints((out) => compareCatalog(columns, golden, out))).toEqual([]);
  });
});
