import { describe, expect, it } from "vitest";
import { openDataset, setNode, type WfiImage } from "../../src/host/models/index.js";
import { makeContext } from "../../src/pipelines/context.js";
import { flux } from "../../src/pipelines/flux.js";
import { ModelLibrary } from "../../src/pipelines/library.js";
import { SKYMATCH, type SkyMatchOptions } from "../../src/pipelines/options.js";
import { skymatch } from "../../src/pipelines/skymatch.js";
import { testGpu } from "../helpers/gpu.js";
import { fixtures } from "../parity/golden.js";
import { scaled } from "../reference/scale.js";

const OPTIONS = Object.fromEntries(
  Object.entries(SKYMATCH).map(([name, option]) => [name, option.default]),
) as SkyMatchOptions;

async function open(exposureBudget?: number): Promise<{
  library: ModelLibrary;
  models: readonly WfiImage[];
  log: string[];
  ctx: ReturnType<typeof makeContext>;
}> {
  const log: string[] = [];
  const note = (message: string) => void log.push(message);
  const budget = exposureBudget === undefined ? {} : { exposureBudget };
  const ctx = makeContext(await testGpu(), { log: { info: note, warn: note }, ...budget });
  const { association, models } = await openDataset(`${fixtures}pole/L3_asn.json`);
  return { library: new ModelLibrary(ctx, association, models), models, log, ctx };
}

async function close(library: ModelLibrary, models: readonly WfiImage[]): Promise<void> {
  await library.evictAll();
  await Promise.all(models.map((model) => model.close()));
}

describe("flux", () => {
  it("is applied once, survives leaving the device, and reaches the model", async () => {
    const { ctx, library, models, log } = await open();
    const before = await models[0].plane("err")!.read();
    const conversion = models[0].metadata.number("photometry.conversion_megajanskys");
    flux(ctx, library);
    flux(ctx, library);
    expect(log.filter((line) => line.includes("already in MJy/sr")).length).toBe(3);
    expect(models[0].metadata.string("cal_step.flux")).toBe("COMPLETE");
    await library.exposures[0].acquire();
    library.exposures[0].release();
    await library.exposures[0].evict();
    await library.exposures[0].download();
    expect(before).toBeInstanceOf(Uint16Array);
    expect(await models[0].plane("err")!.read()).toEqual(scaled(before as Uint16Array, conversion));
    await close(library, models);
  });

  it("names what is missing", async () => {
    const { ctx, library, models } = await open();
    setNode(models[1].meta, "photometry.conversion_megajanskys", null);
    expect(() => flux(ctx, library)).toThrow(/0002_wfi01.*photometry\.conversion_megajanskys/);
    await close(library, models);
  });
});

describe("skymatch", () => {
  const levelsOf = (models: readonly WfiImage[]) =>
    models.map(({ metadata }) => metadata.number("background.level"));

  it("finds the same levels with room for one exposure, and notes how", async () => {
    const roomy = await open();
    flux(roomy.ctx, roomy.library);
    await skymatch(roomy.ctx, roomy.library, OPTIONS);
    const narrow = await open(1);
    flux(narrow.ctx, narrow.library);
    await skymatch(narrow.ctx, narrow.library, OPTIONS);
    expect(levelsOf(narrow.models)).toEqual(levelsOf(roomy.models));
    expect(Math.min(...levelsOf(roomy.models))).toBe(0);
    const [model] = roomy.models;
    expect(model.metadata.string("background.method")).toBe("match");
    expect(model.metadata.optionalBoolean("background.subtracted")).toBe(false);
    await close(roomy.library, roomy.models);
    await close(narrow.library, narrow.models);
  });

  it("subtracts what it found", async () => {
    const { ctx, library, models } = await open();
    const before = (await models[0].plane("data")!.read()) as Float32Array;
    await skymatch(ctx, library, { ...OPTIONS, subtract: true });
    await library.exposures[0].download();
    const level = Math.fround(levelsOf(models)[0]);
    expect(level).toBeGreaterThan(0);
    expect(await models[0].plane("data")!.read()).toEqual(before.map((v) => v - level));
    await expect(skymatch(ctx, library, { ...OPTIONS, subtract: true })).rejects.toThrow(
      /subtracted already/,
    );
    setNode(models[1].meta, "background", { subtracted: true, level: null });
    await expect(skymatch(ctx, library, OPTIONS)).rejects.toThrow(/0002_wfi01.*its level is missing/);
    await close(library, models);
  });

  it("skips exposures that overlap no other", async () => {
    const { ctx, library, models, log } = await open();
    const alone = new ModelLibrary(ctx, library.association, models.slice(0, 1));
    await skymatch(ctx, alone, OPTIONS);
    expect(levelsOf(models.slice(0, 1))).toEqual([0]);
    expect(models[0].metadata.string("cal_step.skymatch")).toBe("SKIPPED");
    expect(log.some((line) => line.includes("no sky could be measured"))).toBe(true);
    await close(alone, models);
  });
});
