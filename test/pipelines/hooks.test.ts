import { describe, expect, it } from "vitest";
import {
  HighLevelPipeline,
  type MosaicArrays,
  MosaicPipeline,
  OutlierDetectionStep,
  ResampleStep,
  SkyMatchStep,
  SourceCatalogStep,
  type WfiImage,
  type WfiMosaic,
} from "../../src/index.js";
import { testGpu } from "../helpers/gpu.js";
import { fixture } from "../helpers/cli.js";

const ASN = fixture("pole/L3_asn.json");
const skymap = fixture("references/skymap_pole.asdf");
const source_catalog = {
  override_apcorr: fixture("references/apcorr.asdf"),
  override_epsf: fixture("references/epsf.asdf"),
};

const medianOf = (values: ArrayLike<number>): number => {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  return sorted[sorted.length >> 1];
};

let plainRun: Promise<MosaicArrays> | undefined;

/** The mosaic without hooks, made once. */
function plain(): Promise<MosaicArrays> {
  plainRun ??= testGpu()
    .then((gpu) => HighLevelPipeline.call(ASN, { gpu, skymap }))
    .then(({ mosaic }) => mosaic.arrays());
  return plainRun;
}

async function addTo(image: WfiImage, value: number): Promise<void> {
  const { data } = await image.arrays();
  image.setPlane(
    "data",
    data.map((pixel) => pixel + value),
  );
}

describe("hooks of the pipelines", () => {
  it("are called in order, each with what its step takes and makes", async () => {
    const calls: string[] = [];
    const images = (name: string) => (models: readonly WfiImage[]) =>
      void calls.push(`${name} ${models.length}`);
    const mosaics = (name: string) => (mosaic: WfiMosaic) =>
      void calls.push(`${name} ${mosaic.shape.join("x")}`);
    await MosaicPipeline.call(ASN, {
      gpu: await testGpu(),
      skymap,
      pre_hooks: [images("pipeline pre")],
      post_hooks: [mosaics("pipeline post")],
      steps: {
        flux: { pre_hooks: [images("flux pre")], post_hooks: [images("flux post"), images("flux post 2")] },
        skymatch: { skip: true, pre_hooks: [images("skymatch pre")], post_hooks: [images("skymatch post")] },
        resample: { pre_hooks: [images("resample pre")], post_hooks: [mosaics("resample post")] },
        source_catalog: {
          ...source_catalog,
          pre_hooks: [mosaics("catalog pre")],
          post_hooks: [({ catalog }) => void calls.push(`catalog post ${catalog.table.rows > 0}`)],
        },
      },
    });
    expect(calls).toEqual([
      "pipeline pre 3",
      "flux pre 3",
      "flux post 3",
      "flux post 2 3",
      "skymatch pre 3",
      "skymatch post 3",
      "resample pre 3",
      "resample post 600x600",
      "catalog pre 600x600",
      "catalog post true",
      "pipeline post 600x600",
    ]);
  });

  it("that only look change nothing", async () => {
    const gpu = await testGpu();
    const look = [() => Promise.resolve()];
    const steps = {
      skymatch: { pre_hooks: look, post_hooks: look },
      outlier_detection: { pre_hooks: look, post_hooks: look },
      resample: { pre_hooks: look, post_hooks: look },
    };
    const looked = await HighLevelPipeline.call(ASN, { gpu, skymap, steps });
    const [a, b] = [await plain(), await looked.mosaic.arrays()];
    for (const name of ["data", "err", "weight", "context"] as const)
      expect(Buffer.from(b[name].buffer).equals(Buffer.from(a[name].buffer)), name).toBe(true);
  });

  it("may change the exposures and the mosaic: the next step sees it", async () => {
    const gpu = await testGpu();
    const brighter = async (models: readonly WfiImage[]): Promise<void> => {
      for (const model of models) await addTo(model, 5);
    };
    const zero = async (mosaic: WfiMosaic): Promise<void> =>
      void (await mosaic.arrays()).weight.fill(0, 0, 10);
    const steps = { outlier_detection: { post_hooks: [brighter] }, resample: { post_hooks: [zero] } };
    const changed = await HighLevelPipeline.call(ASN, { gpu, skymap, steps });
    const [before, after] = [await plain(), await changed.mosaic.arrays()];
    // float32 sums: the medians differ by 5 to a few units in the last place
    expect(medianOf(after.data) - medianOf(before.data)).toBeCloseTo(5, 4);
    expect([...after.weight.slice(0, 10)]).toEqual(new Array(10).fill(0));
  });

  it("what a hook gives back takes the place of what it was given", async () => {
    const gpu = await testGpu();
    const seen: number[] = [];
    const fewer = (models: readonly WfiImage[]): readonly WfiImage[] => models.slice(0, 2);
    const note = (models: readonly WfiImage[]) => void seen.push(models.length);
    const { mosaic, exposures } = await HighLevelPipeline.call(ASN, {
      gpu,
      skymap,
      steps: {
        skymatch: { pre_hooks: [note, fewer, note], post_hooks: [note] },
        outlier_detection: { pre_hooks: [() => null, () => undefined, note] },
      },
    });
    expect(seen).toEqual([3, 2, 2, 2]);
    expect(exposures).toHaveLength(2);
    const { context } = await mosaic.arrays();
    expect(context.reduce((bits, word) => bits | word, 0)).toBe(3);
    const steps = { resample: { post_hooks: [() => mosaic] } };
    const replaced = await HighLevelPipeline.call(ASN, { gpu, skymap, steps });
    expect(replaced.mosaic).toBe(mosaic);
    const wrong = { resample: { post_hooks: [() => exposures as never] } };
    await expect(HighLevelPipeline.call(ASN, { gpu, skymap, steps: wrong })).rejects.toThrow(
      /a hook gave back something else than a WfiMosaic or nothing/,
    );
  });

  it("are refused where they are no functions", async () => {
    const steps = { flux: { pre_hooks: ["os.remove"] } } as never;
    await expect(MosaicPipeline.call(ASN, { steps })).rejects.toThrow(
      /--steps\.flux\.pre_hooks=os\.remove: expected functions, which a program gives/,
    );
  });
});

describe("hooks of single steps", () => {
  it("run around the step", async () => {
    const gpu = await testGpu();
    const calls: string[] = [];
    const note = (name: string) => () => void calls.push(name);
    const pair = { pre_hooks: [note("pre")], post_hooks: [note("post")] };
    const { exposures } = await SkyMatchStep.call(ASN, { gpu, ...pair });
    await OutlierDetectionStep.call(exposures, { gpu, skymap, resample_on_skycell: false, ...pair });
    const { mosaic } = await ResampleStep.call(exposures, { gpu, resample_on_skycell: false, ...pair });
    await SourceCatalogStep.call(mosaic, { gpu, ...source_catalog, ...pair });
    expect(calls).toEqual(new Array(4).fill(["pre", "post"]).flat());
  });
});
