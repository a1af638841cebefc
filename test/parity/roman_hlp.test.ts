import { beforeAll, describe, expect, it } from "vitest";
import { HighLevelPipeline, type HighLevelResult, MosaicPipeline, PIXEL } from "../../src/index.js";
import { floatsOfHalves } from "../helpers/half.js";
import { measure, record } from "../helpers/record.js";
import { testGpu } from "../helpers/gpu.js";
import { type Complaints, compareBlocks, compareCrops } from "./compare.js";
import { compareMeta } from "./compare_meta.js";
import { type Golden, fixtures, readGolden } from "./golden.js";

/** DQ may differ from romancal's after outlier_detection in this fraction of pixels; as in cases.test.ts. */
const DQ_FRACTION = 1e-5;
/** Of the median error of a pixel; as in cases.test.ts. */
const SKY_NOISE = 1e-3;

const ASN = `${fixtures}pole/L3_asn.json`;
const skymap = `${fixtures}references/skymap_pole.asdf`;

describe("HighLevelPipeline on the pole case", () => {
  let result: HighLevelResult;
  let golden: Golden;

  beforeAll(async () => {
    golden = await readGolden("pole", "golden_hlp.asdf");
    result = await HighLevelPipeline.call(ASN, { gpu: await testGpu(), skymap, download_exposures: true });
  });

  it("runs three steps and leaves the exposures' unit", () => {
    expect([...result.report.seconds.keys()]).toEqual(["skymatch", "outlier_detection", "resample"]);
    expect(result.mosaic.metadata.string("cal_step.flux")).toBe("SKIPPED");
    expect(Object.keys(result).sort()).toEqual(["exposures", "mosaic", "report"]);
  });

  it("has romancal's sky levels and outliers", async () => {
    const perExposure = golden.outliers.length / result.exposures.length;
    for (const [k, exposure] of result.exposures.entries()) {
      const { err, dq } = await exposure.arrays();
      const sorted = floatsOfHalves(err)
        .filter((value) => value > 0)
        .sort();
      const level = exposure.metadata.number("background.level");
      expect(Math.abs(level - golden.sky[k]) / sorted[sorted.length >> 1]).toBeLessThan(SKY_NOISE);
      let differ = 0;
      for (let i = 0; i < dq.length; i++) {
        const theirs = (golden.outliers[k * perExposure + (i >> 3)] >> (7 - (i & 7))) & 1;
        if (((dq[i] & PIXEL.OUTLIER) !== 0 ? 1 : 0) !== theirs) differ++;
      }
      expect(differ).toBeLessThanOrEqual(DQ_FRACTION * dq.length);
    }
  });

  it("has romancal's mosaic and metadata", async () => {
    const { shape, context, ...planes } = await result.mosaic.arrays();
    const mosaic = { ny: shape[0], nx: shape[1], planes, context };
    const out: Complaints = [];
    expect([mosaic.ny, mosaic.nx]).toEqual([...golden.shape]);
    compareCrops(mosaic, golden.crops, out, "pole, roman_hlp");
    compareBlocks(mosaic, golden, out, "pole, roman_hlp");
    compareMeta(result.mosaic.meta, golden.meta, out, "pole, roman_hlp");
    expect(out).toEqual([]);
  });

  it("has romancal's mosaic on the footprints' own grid", async () => {
    const wanted = await readGolden("pole", "golden_footprint.asdf");
    const options = { resample_on_skycell: false };
    const { mosaic } = await HighLevelPipeline.call(ASN, { gpu: await testGpu(), skymap, ...options });
    const { shape, context, ...planes } = await mosaic.arrays();
    const out: Complaints = [];
    expect(shape).toEqual([...wanted.shape]);
    const name = "pole, roman_hlp, footprints";
    const ours = { ny: shape[0], nx: shape[1], planes, context };
    compareCrops(ours, wanted.crops, out, name);
    compareBlocks(ours, wanted, out, name);
    compareMeta(mosaic.meta, wanted.meta, out, name);
    record({ kind: "option", step: "roman_mos", options, case: "pole" }, [
      measure("crops, block means and metadata out of tolerance", "comparisons that differ", 0, [out.length]),
    ]);
    expect(out).toEqual([]);
  });

  it("has no flux step and no catalog", async () => {
    const steps = { flux: { skip: true } } as never;
    await expect(HighLevelPipeline.call(ASN, { steps })).rejects.toThrow(
      "--steps.flux: no such step of roman_hlp; steps: skymatch, outlier_detection, resample",
    );
    const also = { sky_match: {} } as never;
    await expect(HighLevelPipeline.call(ASN, { steps: also })).rejects.toThrow(
      /did you mean --steps\.skymatch/,
    );
    expect([HighLevelPipeline.class_alias, MosaicPipeline.class_alias]).toEqual(["roman_hlp", "roman_mos"]);
  });
});
