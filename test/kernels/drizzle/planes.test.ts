import { describe, expect, it } from "vitest";
import {
  Accumulators,
  drizzleInto,
  ExposureGeometry,
  finalize,
  PackedExposure,
  type Weighting,
} from "../../../src/pipelines/drizzle.js";
import { AREA_ERROR, expectSameSignal } from "./compare.js";
import { bits, type Mosaic, onDevice, onHost, type Scene } from "./run.js";
import { testGpu } from "../../helpers/gpu.js";
import { makeMap, makePlanes, release, upload } from "./scene.js";
import { SLIVER, type TwinMosaic } from "../../reference/drizzle.js";

const SHAPE: [number, number] = [143, 151];
const RATIO = 0.55;

interface Variant {
  readonly name: string;
  readonly weighting: Weighting;
  readonly pixfrac: number;
  readonly half: boolean;
  readonly rnoise: boolean;
}
const ivm = { type: "ivm" } as const;
const variants: Variant[] = [
  { name: "ivm", weighting: ivm, pixfrac: 1, half: true, rnoise: true },
  { name: "ivm, f32 planes", weighting: ivm, pixfrac: 1, half: false, rnoise: true },
  { name: "ivm, derived read noise", weighting: ivm, pixfrac: 1, half: true, rnoise: false },
  { name: "ivm, pixfrac 0.7", weighting: ivm, pixfrac: 0.7, half: true, rnoise: true },
  { name: "exptime", weighting: { type: "exptime", time: 55.5 }, pixfrac: 1, half: true, rnoise: true },
  { name: "ivm-sky", weighting: { type: "ivm-sky", median: 2.5 }, pixfrac: 1, half: false, rnoise: true },
];

/** Three overlapping exposures, each turned differently. */
function sceneOf({ weighting, pixfrac, half, rnoise }: Variant, flat: boolean): Scene {
  const [ny, nx] = SHAPE;
  return {
    shape: SHAPE,
    pixfrac,
    pixelScaleRatio: RATIO,
    fill: NaN,
    sums: { contexts: 3, variances: true, flat, flags: true, constantWeights: weighting.type === "exptime" },
    exposures: [12, 101, 200].map((angle, k) => ({
      map: makeMap({
        nx: 71,
        ny: 77,
        angle,
        ratio: RATIO,
        bend: 2e-7,
        flip: k === 1,
        centre: [nx * (0.4 + 0.1 * k), ny * (0.55 - 0.06 * k)],
      }),
      // the sky variance of negative data is negative: weights that cancel compare nothing
      planes: makePlanes(71, 77, 20 + k, { half, rnoise, lowest: weighting.type === "ivm-sky" ? 1 : -2 }),
      options: { goodBits: ~1, level: 0.25 * k, weighting, variances: true, flat },
      exposureTime: 100 + k,
    })),
  };
}

function expectSameVariances(got: Mosaic, want: TwinMosaic, flat: boolean): void {
  const planes = want.variances(RATIO, flat);
  let top = 0;
  for (const weight of want.weight) top = Math.max(top, weight);
  const bad: unknown[] = [];
  let compared = 0;
  const names = { varRnoise: planes.rnoise, varPoisson: planes.poisson, err: planes.err };
  for (const [name, plane] of Object.entries({ ...names, ...(flat ? { varFlat: planes.flat } : {}) })) {
    plane.forEach((expected, o) => {
      // where one exposure contributes but a sliver its mean rests on the noise of that area
      if (want.smallest[o] < 1e-3) return;
      // zero read noise of a pixel with weight: the mean is that of a neighbour's sliver
      if (planes.rnoise[o] < 1e-6) return;
      compared++;
      const value = got[name][o];
      // means are off by the areas' errors over the smallest area, times the spread of the values (some 10)
      const error = (1e-6 + (20 * AREA_ERROR) / Math.min(1, want.smallest[o])) * Math.abs(expected);
      if (Number.isNaN(expected) ? !Number.isNaN(value) : !(Math.abs(value - expected) <= error))
        bad.push({ name, o, value, expected, smallest: want.smallest[o], weight: want.weight[o] / top });
    });
  }
  expect(bad.slice(0, 5), `${bad.length} values`).toEqual([]);
  expect(compared).toBeGreaterThan(20000);
}

describe("all planes of several exposures", () => {
  it.each(variants)("$name", async (variant) => {
    const gpu = await testGpu();
    const flat = variant.name !== "ivm-sky";
    const scene = sceneOf(variant, flat);
    const got = await onDevice(gpu, scene);
    const want = onHost(scene);
    expectSameSignal(got, want, 12);
    expectSameVariances(got, want, flat);
    let known = 0;
    const bad: unknown[] = [];
    want.weight.forEach((weight, o) => {
      const dq = Number(got.dq[o]);
      const time = got.exposureTime[o];
      // what is sure must be there, and nothing but what some sliver may bring
      if ((dq & want.sureDq[o]) >>> 0 !== want.sureDq[o] || (dq | want.dq[o]) >>> 0 !== want.dq[o])
        bad.push({ o, dq, want: want.dq[o] });
      if (time < want.sureExposureTime[o] || time > want.exposureTime[o])
        bad.push({ o, time, want: want.exposureTime[o] });
      if (want.smallest[o] < SLIVER) return;
      known++;
      if (Number.isNaN(got.data[o]) !== (weight === 0 || Number.isNaN(want.data[o]))) bad.push({ o, weight });
    });
    expect(bad).toEqual([]);
    expect(known).toBeGreaterThan(10000);
    expect(Math.max(...want.exposureTime)).toBe(303);
  });
});

describe("context", () => {
  it("the 34th exposure sets bit 1 of the second plane", async () => {
    const gpu = await testGpu();
    const { exposures, shape } = sceneOf(variants[0], false);
    const [{ map, planes: values, options }] = exposures;
    const rec = gpu.recorder("context");
    const sums = new Accumulators(gpu, rec, shape[1], { y0: 0, ny: shape[0] }, { contexts: 40 });
    const planes = upload(gpu, map.nx, map.ny, values);
    const geometry = new ExposureGeometry(map, shape, { x0: 0, x1: 70, y0: 0, y1: 76 }, 1);
    const packed = new PackedExposure(gpu, planes, geometry, { ...options, variances: false, flat: false });
    drizzleInto(rec, sums, packed, { context: 33 });
    finalize(rec, sums, { fill: 0 });
    rec.submit();
    const [first, second] = [
      await gpu.read(sums.context[0], Uint32Array, 0, shape[0] * shape[1]),
      await gpu.read(sums.context[1], Uint32Array, 0, shape[0] * shape[1]),
    ];
    const weight = await gpu.read(sums.weight, Float32Array, 0, shape[0] * shape[1]);
    expect(first.every((bit) => bit === 0)).toBe(true);
    // the weights of this scene are not negative
    expect(Array.from(second)).toEqual(Array.from(weight, (w) => (w > 0 ? 2 : 0)));
    expect(second.filter((bit) => bit === 2).length).toBeGreaterThan(5000);
    packed.free();
    sums.free();
    release(planes);
  });
});

describe("invariants", () => {
  const scene = sceneOf(variants[0], true);

  it("bands give the bits of the whole, and two runs the same", async () => {
    const gpu = await testGpu();
    const whole = bits(await onDevice(gpu, scene));
    expect(bits(await onDevice(gpu, scene))).toEqual(whole);
    for (const rows of [47, 64, 31]) expect(bits(await onDevice(gpu, scene, rows))).toEqual(whole);
  });

  it.each([variants[0], variants[3]])("some columns have the bits of the whole: $name", async (variant) => {
    const gpu = await testGpu();
    const all = sceneOf(variant, true);
    const [, width] = all.shape;
    const columns = { x0: 36, nx: 41 };
    const inside = (_: number, i: number): boolean =>
      i % width >= columns.x0 && i % width < columns.x0 + columns.nx;
    const whole = Object.entries(bits(await onDevice(gpu, all)));
    const cut = Object.fromEntries(whole.map(([name, words]) => [name, words.filter(inside)]));
    expect(bits(await onDevice(gpu, all, 47, columns))).toEqual(cut);
  });

  it.each([variants[0], variants[3], variants[4]])("packed window by window: $name", async (variant) => {
    const gpu = await testGpu();
    const all = sceneOf(variant, true);
    const whole = bits(await onDevice(gpu, all));
    for (const pixels of [1, 700, 2500]) {
      const exposures = all.exposures.map((exposure) => ({
        ...exposure,
        options: { ...exposure.options, windowBytes: 16 * pixels }, // single tiles, parts of a row of tiles, rows
      }));
      expect(bits(await onDevice(gpu, { ...all, exposures }))).toEqual(whole);
    }
  });

  it("bands of the general path too", async () => {
    const gpu = await testGpu();
    const shrunken = sceneOf(variants[3], false);
    const whole = bits(await onDevice(gpu, shrunken));
    expect(bits(await onDevice(gpu, shrunken, 37))).toEqual(whole);
  });

  it.each([
    { angle: 33, ratio: 0.5, pixfrac: 1 },
    { angle: -110, ratio: 1.3, pixfrac: 0.8 },
    { angle: 45, ratio: 0.9, pixfrac: 1 },
  ])(
    "flux is conserved: $angle degrees, ratio $ratio, pixfrac $pixfrac",
    async ({ angle, ratio, pixfrac }) => {
      const gpu = await testGpu();
      const planes = makePlanes(61, 59, 3);
      const shape: [number, number] = [Math.ceil(100 / ratio), Math.ceil(102 / ratio)];
      const map = makeMap({ nx: 61, ny: 59, angle, ratio, bend: 1e-6, centre: [shape[1] / 2, shape[0] / 2] });
      const options = { goodBits: ~1, level: 0, weighting: ivm };
      const exposures = [{ map, planes, options }];
      const flux: Scene = { shape, pixfrac, exposures, sums: {}, fill: 0 };
      const got = await onDevice(gpu, flux);
      let weight = 0;
      let signal = 0;
      got.weight.forEach((w, o) => {
        weight += w;
        signal += w * got.data[o];
      });
      let [wantWeight, wantSignal] = [0, 0];
      Array.from(planes.data).forEach((value, p) => {
        const w = (planes.dq[p] & 1) === 0 ? 1 / planes.rnoise![p] : 0;
        const half = Math.abs(w) > 65504 || !Number.isFinite(w) || w === 0 ? 0 : w;
        wantWeight += half;
        wantSignal += half === 0 ? 0 : half * value;
      });
      // 1 / var is rounded to a half, 5e-4 at most and at random; areas to 1e-6
      expect(Math.abs(weight / wantWeight - 1)).toBeLessThan(1e-4);
      expect(Math.abs(signal / wantSignal - 1)).toBeLessThan(1e-4);
    },
  );
});
