import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NdArray, openAsdf } from "../../src/host/asdf/index.js";
import { type MosaicArrays, openDataset, setNode, WfiImage } from "../../src/host/models/index.js";
import { OutlierDetectionStep, ResampleStep } from "../../src/pipelines/steps.js";
import { testGpu } from "../helpers/gpu.js";
import { measure, record } from "../helpers/record.js";
import { fixtures, loaded } from "./golden.js";

// Every option of resample and outlier_detection that changes pixels, against what romancal 1.0.1 makes of the same three exposures
// of 66 x 70 pixels (fixtures/options/make.py).

const folder = `${fixtures}options/`;
const asn = `${folder}tiny_asn.json`;

type Options = Record<string, unknown>;
type Values = ArrayLike<number>;
interface ResampleCase {
  readonly options: Options;
  readonly planes: Readonly<Record<string, Values>>;
  readonly numbers: Readonly<Record<string, unknown>>;
}
interface Golden {
  readonly stride: number;
  readonly resample: Readonly<Record<string, ResampleCase>>;
  readonly outlier_detection: Readonly<Record<string, { options: Options; dq: Uint8Array }>>;
}

const file = await openAsdf(`${folder}golden.asdf`);
const golden = (await loaded(file.tree)) as unknown as Golden;
await file.close();

/** Pixels of 1000 compared that may differ by more than the tolerance: f32 and f64 on two sides of an edge of the images. */
const EDGE = 3;

/** Differences of a plane's values that were stored, those of equal values (NaN with NaN) 0. */
function differences(got: Values, want: Values, scale: (i: number) => number, stride: number): number[] {
  expect(Math.ceil(got.length / stride)).toBe(want.length);
  return Array.from(want, (b, i) => {
    const a = got[i * stride];
    return Object.is(a, b) || a === b ? 0 : Math.abs(a - b) / scale(i);
  });
}

/** What a plane's differences are counted in, and how many of it they may be, as tools/oracle/compare.py, ten times stricter for data. */
function scaleOf(name: string): { unit: string; limit: number } {
  if (name === "data" || name === "err") return { unit: "sigma", limit: 1e-4 };
  if (name === "context" || name === "dq") return { unit: "pixels that differ", limit: 0 };
  return { unit: "relative", limit: 2e-5 };
}

async function expectSame(arrays: MosaicArrays, want: ResampleCase, stride: number): Promise<void> {
  const { planes, options } = want;
  const { err } = planes;
  const limit = Math.ceil((EDGE * err.length) / 1000);
  const names = Object.keys(planes);
  expect(names).toEqual(
    expect.arrayContaining(["data", "err", "weight", "var_rnoise", "var_poisson", "context"]),
  );
  const measures = names.map((name) => {
    const got = arrays[name as keyof MosaicArrays] as Values;
    expect(got, name).toBeDefined();
    const { unit, limit: most } = scaleOf(name);
    // areas are good to 4e-6 of a pixel, which tells where but a sliver of a pixel contributes
    const sliver = name === "weight" ? 4e-6 * largest(planes[name]) : 0;
    const scale = (i: number): number => {
      if (unit === "sigma") return err[i];
      return unit === "relative" ? Math.abs(planes[name][i]) + sliver / most : 1;
    };
    return measure(name, unit, most, differences(got, planes[name], scale, stride));
  });
  record({ kind: "option", step: "resample", options, case: "options" }, measures);
  for (const { what, beyond } of measures) expect(beyond, what).toBeLessThanOrEqual(limit);
  expect(arrays.var_flat !== undefined).toBe(names.includes("var_flat"));
  expect(arrays.dq !== undefined).toBe(names.includes("dq"));
}

function largest(values: Values): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]);
  return most;
}

function optionsOf(options: Options): Options {
  const { output_wcs, ...rest } = options;
  return output_wcs ? { ...rest, output_wcs: `${folder}${String(output_wcs)}` } : options;
}

describe("resample", () => {
  const cases = Object.entries(golden.resample).filter(([name]) => name !== "40 exposures");
  it.each(cases)("%s", async (_, want) => {
    const { mosaic } = await ResampleStep.call(asn, { gpu: await testGpu(), ...optionsOf(want.options) });
    const { numbers } = want;
    const meta = mosaic.metadata;
    expect([...mosaic.shape]).toEqual(numbers.shape);
    const number = (name: string, path: string, digits = 1e-5): void =>
      expect(Math.abs(meta.number(path) / (numbers[name] as number) - 1), name).toBeLessThan(digits);
    number("pixel_scale_ratio", "resample.pixel_scale_ratio");
    number("ra", "wcsinfo.ra");
    number("dec", "wcsinfo.dec");
    number("orientation", "wcsinfo.orientation");
    number("pixel_scale", "wcsinfo.pixel_scale");
    number("max_exposure_time", "coadd_info.max_exposure_time");
    number("exposure_time", "coadd_info.exposure_time", 1e-4); // a mean over the covered pixels, edges included
    expect(meta.string("resample.weight_type")).toBe(numbers.weight_type);
    expect(meta.string("resample.good_bits")).toBe(numbers.good_bits);
    const stride = want.options.pixel_scale_ratio === 0.7 ? 2 * golden.stride : golden.stride;
    await expectSame(await mosaic.arrays(), want, stride);
  });

  it("40 exposures: two planes of context", async () => {
    const want = golden.resample["40 exposures"];
    const opened = await openDataset(asn);
    const models: WfiImage[] = [];
    for (let k = 0; k < 40; k++) {
      const { tree } = opened.models[k % 3];
      const model = await WfiImage.fromTree(tree, `many_${k}`);
      const dq = Uint32Array.from((await model.plane("dq")!.read()) as Uint32Array);
      const nx = model.shape[1];
      for (let p = 0; p < dq.length; p++)
        if ((7 * (p % nx) + 13 * Math.floor(p / nx) + 5 * k) % 11 === 0) dq[p] |= 1;
      model.setPlane("dq", dq);
      models.push(model);
    }
    const { mosaic } = await ResampleStep.call(models, { gpu: await testGpu(), ...want.options });
    const arrays = await mosaic.arrays();
    const [ny, nx] = arrays.shape;
    expect(arrays.context.length).toBe(2 * ny * nx);
    await expectSame(arrays, want, golden.stride);
    await Promise.all(opened.models.map((model) => model.close()));
  });

  it("weight_type None, which romancal fails with: all pixels alike", async () => {
    const gpu = await testGpu();
    const options = { gpu, resample_on_skycell: false } as const;
    const { mosaic } = await ResampleStep.call(asn, { ...options, weight_type: null });
    const { data, weight, context } = await mosaic.arrays();
    expect(mosaic.metadata.string("resample.weight_type")).toBe("None");
    // as many pixels as overlap: never more than three exposures' worth, by the ratio of pixel areas
    expect(Math.max(...weight)).toBeLessThan(3.2);
    expect(weight.every((w, o) => w > 0 === context[o] > 0)).toBe(true);
    const { mosaic: other } = await ResampleStep.call(asn, { ...options, weight_type: "exptime" });
    const apart = (await other.arrays()).data.filter((value, o) => context[o] === 7 && value !== data[o]);
    expect(apart.length).toBeGreaterThan(100);
  });

  it("an output_wcs that is none is told in one line", async () => {
    const gpu = await testGpu();
    const call = (output_wcs: string): Promise<unknown> => ResampleStep.call(asn, { gpu, output_wcs });
    await expect(call(`${folder}none.asdf`)).rejects.toThrow(/none\.asdf/);
    await expect(call(`${folder}golden.asdf`)).rejects.toThrow(/golden\.asdf: no key "wcs"/);
  });
});

describe("outlier_detection", () => {
  it.each(Object.entries(golden.outlier_detection))("%s", async (name, { options, dq: want }) => {
    const opened = await openDataset(asn);
    // an exposure's own level comes before backg
    if (name === "backg") for (const { meta } of opened.models) setNode(meta, "background.level", null);
    const { exposures } = await OutlierDetectionStep.call(name === "backg" ? opened.models : asn, {
      gpu: await testGpu(),
      ...options,
      save_intermediate_results: false,
    });
    let k = 0;
    let differ = 0;
    let flagged = 0;
    for (const model of exposures) {
      for (const value of (await model.plane("dq")!.read()) as Uint32Array) {
        const bit = (want[k >> 3] >> (7 - (k & 7))) & 1;
        flagged += bit;
        if (((value >> 7) & 1) !== bit) differ++;
        k++;
      }
    }
    await Promise.all(opened.models.map((model) => model.close()));
    record({ kind: "option", step: "outlier_detection", options, case: "options" }, [
      measure(`OUTLIER of ${k} pixels, ${flagged} set`, "pixels that differ", 1, [differ]),
    ]);
    expect(flagged).toBeGreaterThan(50);
    expect(differ).toBeLessThanOrEqual(1); // a pixel on the edge of its threshold
  });

  it.each([
    [true, ["drizzled_median.asdf", "tiny_1_a1_outlier_coadd.asdf", "tiny_2_a1_outlier_coadd.asdf"]],
    [false, ["drizzled_a1_median.asdf", "tiny_1_a1_outlier_coadd.asdf", "tiny_2_a1_outlier_coadd.asdf"]],
  ])("save_intermediate_results, resample_data %s", async (resample_data, names) => {
    const output_dir = mkdtempSync(join(tmpdir(), "outliers-"));
    try {
      const { report } = await OutlierDetectionStep.call(asn, {
        gpu: await testGpu(),
        resample_on_skycell: false,
        resample_data,
        save_intermediate_results: true,
        output_dir,
      });
      expect(report.files.length).toBe(4);
      expect(readdirSync(output_dir).sort()).toEqual([...names, "tiny_3_a1_outlier_coadd.asdf"]);
      const written = await openAsdf(join(output_dir, names[0]));
      const { data, wcs } = written.tree;
      expect(wcs).toBeDefined();
      const values = (await (data as NdArray).read()) as Float32Array;
      expect(values.filter((v) => Number.isFinite(v)).length).toBeGreaterThan(3000);
      await written.close();
    } finally {
      rmSync(output_dir, { recursive: true });
    }
  });
});
