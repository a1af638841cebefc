import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  FluxStep,
  HighLevelPipeline,
  MosaicPipeline,
  OutlierDetectionStep,
  ResampleStep,
  WfiImage,
  WfiMosaic,
} from "../../src/index.js";
import { nodeAt } from "../../src/host/models/index.js";
import { type Run, libraryOf, withDataset } from "../../src/pipelines/call.js";
import { makeContext } from "../../src/pipelines/context.js";
import { RunLog } from "../../src/pipelines/run_log.js";
import { testGpu } from "../helpers/gpu.js";
import { filesIn, fixture, scratch } from "../helpers/cli.js";

const ASN = fixture("pole/L3_asn.json");
const NAME = "r00001_p_v01001001001001_360p89x50y50_f158";
const skymap = fixture("references/skymap_pole.asdf");
const source_catalog = {
  override_apcorr: fixture("references/apcorr.asdf"),
  override_epsf: fixture("references/epsf.asdf"),
  fit_psf: false,
};
const skip = { skip: true } as const;
const save = { save_results: true };
const F32 = 2 ** -23;

/** meta.statistics of the first exposure as romancal 1.0.1 wrote them after these steps of the pipeline on this case. */
const STATISTICS = {
  flux: {
    good_pixel_fraction: 0.999542236328125,
    image_median: 0.2582016587257385,
    image_rms: 0.03761271387338638,
  },
  outlier_detection: {
    good_pixel_fraction: 0.9985198974609375,
    image_median: 0.25815045833587646,
    image_rms: 0.03754201903939247,
  },
};

function expectStatistics(image: WfiImage, expected: (typeof STATISTICS)["flux"]): void {
  expect(image.metadata.number("statistics.zodiacal_light")).toBe(-1);
  for (const [key, value] of Object.entries(expected))
    // a value of the image, or one rounded to f32 from it
    expect(Math.abs(image.metadata.number(`statistics.${key}`) - value), key).toBeLessThanOrEqual(
      value * F32,
    );
}

describe("results of the pipeline's steps", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await scratch();
    await MosaicPipeline.call(ASN, {
      gpu: await testGpu(),
      skymap,
      output_dir: folder,
      steps: {
        flux: save,
        skymatch: { ...save, output_use_model: true },
        outlier_detection: { output_file: "name.asdf" },
        resample: { ...save, output_dir: join(folder, "r"), suffix: "word" },
        source_catalog: { ...source_catalog, ...save, suffix: "ccc" },
      },
    });
  });

  it("are written where a step asks for it, though the pipeline's own are not, named as stpipe does", async () => {
    expect(await filesIn(folder)).toEqual(
      [
        ...[0, 1, 2].map((i) => `L3_asn_${i}_flux.asdf`),
        ...[0, 1, 2].map((i) => `name_a3001_${i}_outlier_detection.asdf`),
        "r",
        ...[1, 2, 3].map((i) => `r0000101001001001001_000${i}_wfi01_f158_skymatch.asdf`),
        ...["ccc.asdf", "ccc.parquet", "segm.asdf"].map((word) => `${NAME}_${word}`),
      ].sort(),
    );
    expect(await filesIn(join(folder, "r"))).toEqual([`${NAME}_word.asdf`]);
  });

  it("hold their statistics and their association, as romancal's", async () => {
    for (const [file, step] of [
      ["L3_asn_0_flux.asdf", "flux"],
      ["name_a3001_0_outlier_detection.asdf", "outlier_detection"],
    ] as const) {
      const image = await WfiImage.open(join(folder, file));
      expectStatistics(image, STATISTICS[step]);
      expect(nodeAt(image.meta, "asn")).toEqual({ table_name: "L3_asn.json", pool_name: "none" });
      expect(nodeAt(image.meta, `cal_step.${step}`)).toBe("COMPLETE");
      await image.close();
    }
  });
});

describe("resample skipped", () => {
  it("leaves the exposures, written under the product's name", async () => {
    const output_dir = await scratch();
    const steps = { resample: skip, source_catalog: skip };
    const { mosaic, exposures } = await MosaicPipeline.call(ASN, {
      gpu: await testGpu(),
      skymap,
      ...save,
      output_dir,
      steps,
    });
    expect(mosaic).toBeUndefined();
    expect(exposures).toHaveLength(3);
    expect(await filesIn(output_dir)).toEqual([0, 1, 2].map((i) => `${NAME}_${i}_i2d.asdf`));
    const image = await WfiImage.open(join(output_dir, `${NAME}_0_i2d.asdf`));
    for (const step of ["resample", "source_catalog"])
      expect(nodeAt(image.meta, `cal_step.${step}`)).toBe("SKIPPED");
    expectStatistics(image, STATISTICS.outlier_detection);
    await image.close();
  });

  it("gives the exposures' arrays to a program, and needs source_catalog skipped too", async () => {
    const gpu = await testGpu();
    const held = gpu.memory.used;
    const steps = { skymatch: skip, outlier_detection: skip, resample: skip };
    const { exposures } = await HighLevelPipeline.call(ASN, { gpu, skymap, steps });
    expect((await exposures[2].arrays()).data.some((value) => value > 0)).toBe(true);
    expect(gpu.memory.used).toBe(held);
    await expect(MosaicPipeline.call(ASN, { steps: { resample: skip } })).rejects.toThrow(
      /--steps\.resample\.skip: .* skip source_catalog too/,
    );
  });
});

describe("a mosaic that is saved", () => {
  const skipped = { skymatch: skip, outlier_detection: skip };

  it("gives a program the arrays that are in its products, both of them", async () => {
    const output_dir = await scratch();
    const resample = { ...save, suffix: "word" };
    const run = { gpu: await testGpu(), skymap, steps: { ...skipped, source_catalog, resample } };
    const saved = await MosaicPipeline.call(ASN, { ...run, ...save, output_dir });
    const plain = await MosaicPipeline.call(ASN, { ...run, steps: { ...skipped, source_catalog } });
    const products = ["i2d", "word"].map((word) => join(output_dir, `${NAME}_${word}.asdf`));
    const opened = [await WfiMosaic.open(products[0]), await WfiMosaic.open(products[1])];
    const wanted = await plain.mosaic.arrays();
    for (const mosaic of [saved.mosaic, ...opened]) {
      const arrays = await mosaic.arrays();
      for (const name of ["data", "err", "weight", "var_poisson", "var_rnoise", "context"] as const)
        expect(Buffer.from(arrays[name].buffer).equals(Buffer.from(wanted[name].buffer)), name).toBe(true);
      await mosaic.close();
    }
    expect(saved.segmentation!.data).toEqual(plain.segmentation!.data);
    expect(saved.segmentation!.detectionImage).toEqual(plain.segmentation!.detectionImage);
    expect(await filesIn(output_dir)).toHaveLength(5);
  });

  it("leaves nothing where the run fails after its planes were made", async () => {
    const output_dir = await scratch();
    const fail = (): never => {
      throw new Error("no catalog");
    };
    const steps = { ...skipped, source_catalog: { ...source_catalog, post_hooks: [fail] } };
    const run = MosaicPipeline.call(ASN, { gpu: await testGpu(), skymap, ...save, output_dir, steps });
    await expect(run).rejects.toThrow("no catalog");
    expect(await filesIn(output_dir)).toEqual([]);
  });
});

describe("steps alone", () => {
  it("write one model without a number, several with", async () => {
    const output_dir = await scratch();
    const options = { gpu: await testGpu(), ...save, output_dir };
    const one = fixture("pole/r0000101001001001001_0001_wfi01_f158_cal.asdf");
    await FluxStep.call(one, options);
    await OutlierDetectionStep.call(one, options);
    await mkdir(join(output_dir, "many"));
    await OutlierDetectionStep.call(ASN, {
      ...options,
      output_dir: join(output_dir, "many"),
      resample_on_skycell: false,
      in_memory: false,
    });
    expect(await filesIn(output_dir)).toEqual([
      "many",
      "r0000101001001001001_0001_wfi01_f158_0_outlierdetectionstep.asdf",
      "r0000101001001001001_0001_wfi01_f158_fluxstep.asdf",
    ]);
    expect((await filesIn(join(output_dir, "many")))[2]).toBe("L3_asn_a3001_2_outlierdetectionstep.asdf");
  });

  it("resample without in_memory makes the same mosaic", async () => {
    const gpu = await testGpu();
    const [a, b] = await Promise.all(
      [true, false].map(async (in_memory) => {
        const { mosaic } = await ResampleStep.call(ASN, { gpu, skymap, in_memory });
        return mosaic.arrays();
      }),
    );
    for (const name of ["data", "err", "weight", "context"] as const)
      expect(Buffer.from(b[name].buffer).equals(Buffer.from(a[name].buffer)), name).toBe(true);
  });
});

describe("on_disk", () => {
  it("makes the same products, to the bit", async () => {
    const gpu = await testGpu();
    const steps = { source_catalog: skip };
    const run = (on_disk: boolean): ReturnType<typeof MosaicPipeline.call> =>
      MosaicPipeline.call(ASN, { gpu, skymap, on_disk, steps });
    const spared = await run(true);
    const plain = await run(false);
    const [a, b] = [await plain.mosaic.arrays(), await spared.mosaic.arrays()];
    for (const name of ["data", "err", "weight", "context"] as const)
      expect(Buffer.from(b[name].buffer).equals(Buffer.from(a[name].buffer)), name).toBe(true);
  });

  it("keeps one exposure on the device at most", async () => {
    const ctx = makeContext(await testGpu());
    const run = { ctx, log: new RunLog() } as unknown as Run;
    await withDataset(ASN, async (opened) => {
      for (const onDisk of [false, true]) {
        const library = libraryOf(run, opened, onDisk);
        for (const i of [0, 1, 2]) await library.with(i, () => Promise.resolve());
        const held = library.exposures.filter(({ residentBytes }) => residentBytes > 0);
        expect(held).toHaveLength(onDisk ? 1 : 3);
        await library.evictAll();
      }
    });
  });
});
