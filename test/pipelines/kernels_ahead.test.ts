import { afterEach, describe, expect, it, vi } from "vitest";
import { MosaicPipeline, OutlierDetectionStep } from "../../src/index.js";
import { type Gpu, openGpu } from "../../src/gpu/index.js";
import { kernelsAhead } from "../../src/pipelines/kernels_ahead.js";
import { resolve } from "../../src/pipelines/option_types.js";
import { STEPS, type StepName, type StepOptions } from "../../src/pipelines/options.js";
import { fixture } from "../helpers/cli.js";
import { testDevice } from "../helpers/gpu.js";

// the device is opened anew, and SwiftShader compiles all kernels
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const ASN = fixture("bundled/L3_asn.json");
const skymap = fixture("references/skymap_bundled.asdf");
const source_catalog = {
  override_apcorr: fixture("references/apcorr.asdf"),
  override_epsf: fixture("references/epsf.asdf"),
};

/** Labels of the pipelines that are made in the background, made when first used, and used. */
async function watched(
  work: (gpu: Gpu) => Promise<unknown>,
): Promise<Record<"ahead" | "late" | "used", string[]>> {
  const gpu = await openGpu(testDevice());
  try {
    const { device } = gpu;
    const ahead = vi.spyOn(device, "createComputePipelineAsync");
    const late = vi.spyOn(device, "createComputePipeline");
    const used = vi.spyOn(device, "createBindGroup");
    await work(gpu);
    const labels = (calls: readonly [{ readonly label?: string }][]): string[] =>
      calls.map(([{ label = "" }]) => label).sort();
    return {
      ahead: labels(ahead.mock.calls),
      late: labels(late.mock.calls),
      used: [...new Set(labels(used.mock.calls))],
    };
  } finally {
    gpu.close();
  }
}

afterEach(() => vi.restoreAllMocks());

describe("the kernels of a run", () => {
  it("are all known ahead where the options are the defaults, and no others are made", async () => {
    const { ahead, late, used } = await watched((gpu) =>
      MosaicPipeline.call(ASN, { gpu, skymap, steps: { source_catalog } }),
    );
    expect(late, "to be added to src/pipelines/kernels_ahead.ts").toEqual([]);
    expect([...new Set(ahead)], "not used: to leave src/pipelines/kernels_ahead.ts").toEqual(used);
  });

  it("are those of one step where it runs alone", async () => {
    const { ahead, late, used } = await watched((gpu) => OutlierDetectionStep.call(ASN, { gpu, skymap }));
    // the statistics that an unsaved result gets are none of the step's
    expect(late.filter((label) => label !== "shared/order_list")).toEqual([]);
    expect(ahead.every((label) => /^(outlier_detection|drizzle)\//.test(label))).toBe(true);
    expect(used).toEqual(expect.arrayContaining(ahead));
  });
});

describe("kernelsAhead", () => {
  const options = (changes: { [S in StepName]?: object } = {}): StepOptions =>
    Object.fromEntries(
      Object.entries(STEPS).map(([name, spec]) => [
        name,
        resolve(spec, { ...changes[name as StepName] }, "--"),
      ]),
    ) as unknown as StepOptions;
  const labels = (changes: { [S in StepName]?: object }, groups: number): string[] =>
    [...kernelsAhead(options(changes), groups, "hardware").values()].flat().map(({ kernel }) => kernel.label);

  it("leaves out skipped steps and what options do without", () => {
    const skip = { skip: true };
    const few = labels({ skymatch: skip, outlier_detection: skip, source_catalog: { fit_psf: false } }, 4);
    expect(few.filter((label) => /^(skymatch|outlier_detection)|psf/.test(label))).toEqual([]);
    expect(few).toContain("drizzle/fast_planes");
    expect(labels({ resample: { kernel: "turbo" } }, 4)).not.toContain("drizzle/fast_planes");
  });

  it("knows that one group has no outliers", () => {
    expect(labels({}, 1).filter((label) => label.startsWith("outlier_detection"))).toEqual([]);
  });
});
