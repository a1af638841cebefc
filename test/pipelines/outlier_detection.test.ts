import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeAt, openDataset, setNode, type WfiImage } from "../../src/host/models/index.js";
import { makeContext, type RunContext } from "../../src/pipelines/context.js";
import { flux } from "../../src/pipelines/flux.js";
import { ModelLibrary } from "../../src/pipelines/library.js";
import { resolve } from "../../src/pipelines/option_types.js";
import { type OutlierDetectionOptions, STEPS } from "../../src/pipelines/options.js";
import { outlierDetection } from "../../src/pipelines/outlier_detection.js";
import { testGpu } from "../helpers/gpu.js";
import { fixtures, readGolden } from "../parity/golden.js";

const warnings: string[] = [];
let ctx: RunContext;

function options(given: Record<string, unknown> = {}): OutlierDetectionOptions {
  return resolve(STEPS.outlier_detection, given, "outlier_detection.");
}

async function open(
  count = Infinity,
  name = "bundled",
): Promise<{ library: ModelLibrary; models: readonly WfiImage[] }> {
  const opened = await openDataset(`${fixtures}${name}/L3_asn.json`);
  const models = opened.models.slice(0, count);
  return { models, library: new ModelLibrary(ctx, opened.association, models) };
}

/** The OUTLIER bits of all exposures, packed as the golden has them. */
async function outlierBits(library: ModelLibrary): Promise<Uint8Array> {
  const bits: number[] = [];
  for (const exposure of library.exposures) {
    const { dq, nx, ny } = await exposure.acquire();
    for (const value of await ctx.gpu.read(dq, Uint32Array, 0, nx * ny)) bits.push((value >> 7) & 1);
    exposure.release();
  }
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (packed[i >> 3] |= bit << (7 - (i & 7))));
  return packed;
}

beforeAll(async () => {
  const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
  ctx = makeContext(await testGpu(), { skymap: `${fixtures}references/skymap_bundled.asdf`, log });
});
afterAll(() => warnings.splice(0));

describe("outlierDetection", () => {
  it.each(["bundled", "pole", "sky"])("flags what romancal flags, given its sky levels: %s", async (name) => {
    ctx = { ...ctx, skymap: `${fixtures}references/skymap_${name}.asdf` };
    const { library, models } = await open(Infinity, name);
    const { sky, outliers } = await readGolden(name);
    flux(ctx, library);
    models.forEach(({ meta }, i) => {
      setNode(meta, "background", { level: sky[i], subtracted: false, method: "match" });
    });
    const before = ctx.gpu.memory.used;
    await outlierDetection(ctx, library, options());
    for (const { meta } of models) expect(nodeAt(meta, "cal_step.outlier_detection")).toBe("COMPLETE");
    const found = await outlierBits(library);
    const differing = found.reduce((n, byte, i) => n + popcount(byte ^ outliers[i]), 0);
    const pixels = library.exposures.reduce((sum, { nx, ny }) => sum + nx * ny, 0);
    expect(popcountAll(outliers)).toBeGreaterThan(100);
    expect(differing / pixels).toBeLessThanOrEqual(1e-5); // the limit: pixels on the edge of a threshold
    await library.evictAll();
    expect(ctx.gpu.memory.used).toBeLessThanOrEqual(before);
    await Promise.all(models.map((model) => model.close()));
  });

  it("skips a single exposure, with romancal's warning", async () => {
    const { library, models } = await open(1);
    await outlierDetection(ctx, library, options());
    expect(warnings).toContain("Skipping outlier_detection - at least two imaging observations are needed.");
    expect(nodeAt(models[0].meta, "cal_step.outlier_detection")).toBe("SKIPPED");
    await Promise.all(models.map((model) => model.close()));
  });

  it("refuses nonsense, by name", async () => {
    for (const [option, value] of Object.entries({
      resample_data: "perhaps",
      kernel: "tophat",
      weight_type: "ivm-sky",
      pixfrac: 2,
    }))
      expect(() => options({ [option]: value })).toThrow(`outlier_detection.${option}=`);
    const { library, models } = await open();
    for (const [option, value] of Object.entries({
      snr: "5.0",
      scale: "a b",
      good_bits: "~NO_SUCH_FLAG",
    }))
      await expect(outlierDetection(ctx, library, { ...options(), [option]: value }), option).rejects.toThrow(
        value,
      );
    await Promise.all(models.map((model) => model.close()));
  });
});

function popcount(byte: number): number {
  return byte.toString(2).replaceAll("0", "").length;
}

function popcountAll(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + popcount(byte), 0);
}
