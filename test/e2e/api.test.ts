import { describe, expect, it, vi } from "vitest";
import {
  FluxStep,
  MosaicPipeline,
  OutlierDetectionStep,
  SkyMatchStep,
  UserError,
  WfiImage,
  openDataset,
} from "../../src/index.js";
import { copyTree } from "../../src/host/asdf/index.js";
import { testGpu } from "../helpers/gpu.js";
import { fixture } from "../helpers/cli.js";

// each run opens the device anew; SwiftShader compiles all kernels in about a minute on two cores
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const ASN = fixture("bundled/L3_asn.json");
const skymap = fixture("references/skymap_bundled.asdf");
const source_catalog = {
  override_apcorr: fixture("references/apcorr.asdf"),
  override_epsf: fixture("references/epsf.asdf"),
};

/** The exposures of the bundled case as models that know no file. */
async function inMemory(): Promise<WfiImage[]> {
  const { models } = await openDataset(ASN);
  const copies = await Promise.all(
    models.map(async (model) => WfiImage.fromArrays(await model.arrays(), copyTree(model.meta))),
  );
  await Promise.all(models.map((model) => model.close()));
  return copies;
}

describe("MosaicPipeline.call", () => {
  it("gives the same bits from files and from models in memory", async () => {
    const gpu = await testGpu();
    const options = { gpu, skymap, resample_on_skycell: false, steps: { source_catalog } };
    const fromFiles = await MosaicPipeline.call(ASN, options);
    const fromModels = await MosaicPipeline.call(await inMemory(), options);
    expect(fromModels.report.files).toEqual([]);
    const [a, b] = [await fromFiles.mosaic.arrays(), await fromModels.mosaic.arrays()];
    expect(b.shape).toEqual(a.shape);
    for (const name of ["data", "err", "weight", "var_rnoise", "var_poisson", "context"] as const)
      expect(Buffer.from(b[name].buffer).equals(Buffer.from(a[name].buffer)), name).toBe(true);
    expect(fromModels.segmentation?.data).toEqual(fromFiles.segmentation?.data);
    const flux = fromModels.catalog?.column("segment_flux");
    expect(flux?.unit).toBe("nJy");
    expect(flux?.data).toEqual(fromFiles.catalog?.column("segment_flux")?.data);
  });

  it("takes options by step, and skips", async () => {
    const steps = { skymatch: { skip: true }, resample: { pixfrac: 0.8 }, source_catalog: { skip: true } };
    const { mosaic, catalog, segmentation, exposures, report } = await MosaicPipeline.call(ASN, {
      gpu: await testGpu(),
      skymap,
      steps,
    });
    expect(catalog).toBeUndefined();
    expect(segmentation).toBeUndefined();
    expect(mosaic.metadata.number("resample.pixfrac")).toBe(0.8);
    expect(mosaic.metadata.string("cal_step.skymatch")).toBe("SKIPPED");
    expect(exposures[0].metadata.string("cal_step.outlier_detection")).toBe("COMPLETE");
    expect([...report.seconds.keys()]).toEqual(["flux", "outlier_detection", "resample"]);
  });

  it("throws UserError, naming what is wrong", async () => {
    const steps = { resample: { pixfrak: 1 } } as never;
    await expect(MosaicPipeline.call(ASN, { steps })).rejects.toThrow(UserError);
    await expect(MosaicPipeline.call(ASN, { steps })).rejects.toThrow(/steps\.resample\.pixfrak.*pixfrac/);
    await expect(MosaicPipeline.call(ASN, { nonsense: 1 } as never)).rejects.toThrow(/nonsense/);
    await expect(MosaicPipeline.call([])).rejects.toThrow(/at least one exposure/);
  });
});

describe("steps by themselves, one after the other on models", () => {
  it("flux, skymatch and outlier_detection hand exposures on", async () => {
    const gpu = await testGpu();
    const held = gpu.memory.used;
    const models = await inMemory();
    const before = (await models[0].arrays()).data.slice();
    const { exposures } = await FluxStep.call(models, { gpu });
    expect(exposures[0]).toBe(models[0]);
    const factor = Math.fround(models[0].metadata.number("photometry.conversion_megajanskys"));
    const after = (await models[0].arrays()).data;
    expect(after[12345]).toBe(Math.fround(before[12345] * factor));
    await SkyMatchStep.call(exposures, { gpu, skystat: "median" });
    expect(models[1].metadata.string("background.method")).toBe("match");
    await OutlierDetectionStep.call(exposures, { gpu, resample_on_skycell: false });
    const { dq } = await models[0].arrays();
    expect(dq.some((value) => (value & 128) !== 0)).toBe(true);
    const again = (await FluxStep.call(exposures, { gpu })).exposures;
    expect((await again[0].arrays()).data[12345]).toBe(after[12345]);
    expect(gpu.memory.used).toBe(held);
  });
});
