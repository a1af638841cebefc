import { describe, expect, it } from "vitest";
import { checkDrizzleOptions } from "../../../src/pipelines/drizzle.js";
import { spreadOf } from "../../../src/pipelines/drizzle/spread.js";
import { drizzleGoldens, goldenMap, type KernelGolden } from "../../helpers/drizzle_goldens.js";
import { testGpu } from "../../helpers/gpu.js";
import { bits, geometryOf, onDevice, type Scene } from "./run.js";
import { makeMap, makePlanes } from "./scene.js";

const goldens = drizzleGoldens<KernelGolden>("kernels.json");

function sceneOf(golden: KernelGolden): Scene {
  const { nx, ny, out, pixfrac, kernel, ratio } = golden;
  const places = goldenMap(golden);
  const none = Array.from({ length: nx * ny }, () => 1);
  return {
    shape: out,
    pixfrac,
    kernel,
    pixelScaleRatio: ratio,
    sums: { contexts: golden.inputs.length, flags: true },
    exposures: golden.inputs.map(({ data, weight, dq }) => ({
      map: places,
      planes: {
        data: data.map((v) => v ?? NaN),
        err: none,
        poisson: none,
        rnoise: weight.map((w) => (w === 0 ? Infinity : 1 / w)),
        flat: undefined,
        dq,
        half: false,
      },
      options: { goodBits: null, level: 0, weighting: { type: "ivm" } },
    })),
  };
}

describe("kernels other than square against drizzle 2.2.0's C code", () => {
  it.each(goldens)("$name", async (golden) => {
    const got = await onDevice(await testGpu(), sceneOf(golden));
    const top = Math.max(...golden.weight);
    const bad: unknown[] = [];
    let compared = 0;
    golden.weight.forEach((weight, o) => {
      // f32 sums of terms of either sign (lanczos); exp of WGSL is good to some 20 units in the last place
      const w = got.weight[o];
      if (!(Math.abs(w - weight) <= 4e-6 * top)) bad.push({ o, w, weight });
      if (got.dq[o] !== golden.dq[o] || got.context0[o] !== golden.context[o])
        bad.push({ o, dq: [got.dq[o], golden.dq[o]], context: [got.context0[o], golden.context[o]] });
      const want = golden.data[o] ?? NaN;
      const d = got.data[o];
      // a mean of values within 12 of each other
      const error = 2e-6 * Math.abs(want) + (12 * 8e-6 * top) / Math.abs(weight);
      if (Number.isNaN(want) ? !Number.isNaN(d) : !(Math.abs(d - want) <= error))
        bad.push({ o, d, want, weight });
      else compared += Number.isNaN(want) ? 0 : 1;
    });
    expect(bad.slice(0, 5), `${bad.length} values`).toEqual([]);
    expect(compared).toBeGreaterThan(20);
  });
});

describe("invariants", () => {
  it.each([
    { kernel: "gaussian", rough: 0 },
    { kernel: "turbo", rough: 0.1 },
    { kernel: "lanczos3", rough: 0 },
    { kernel: "point", rough: 0.2 },
  ])(
    "$kernel: bands give the bits of the whole, two runs the same; rough $rough",
    async ({ kernel, rough }) => {
      const gpu = await testGpu();
      const options = {
        goodBits: ~1,
        level: 0.3,
        weighting: { type: "ivm" },
        variances: true,
        flat: true,
      } as const;
      const scene: Scene = {
        shape: [97, 103],
        pixfrac: 0.8,
        kernel,
        pixelScaleRatio: 0.9,
        sums: { contexts: 2, variances: true, flat: true, flags: true },
        exposures: [11, 130].map((angle, k) => ({
          map: makeMap({ nx: 61, ny: 67, angle, ratio: 0.9, bend: 2e-6, rough, centre: [51 + k, 47] }),
          planes: makePlanes(61, 67, 5 + k),
          options,
          exposureTime: 100 + k,
        })),
      };
      expect(geometryOf(scene, scene.exposures[0]).tables.mapped).toBe(rough > 0);
      const whole = await onDevice(gpu, scene);
      expect(Array.from(whole.weight).filter((w) => w > 0).length).toBeGreaterThan(3000);
      expect(bits(await onDevice(gpu, scene))).toEqual(bits(whole));
      for (const rows of [41, 64]) expect(bits(await onDevice(gpu, scene, rows))).toEqual(bits(whole));
      // some pixel of both exposures: the sum of their times; nowhere anything else than a sum of them
      const times = new Set(whole.exposureTime as Float32Array);
      expect([...times].sort((a, b) => a - b)).toEqual([0, 100, 101, 201]);
    },
  );

  it("the pixel map itself gives what the quadratics give", async () => {
    const gpu = await testGpu();
    const [golden] = goldens.filter(({ name }) => name.startsWith("gaussian"));
    const scene = sceneOf(golden);
    const wide: Scene = {
      ...scene,
      shape: [60, 61],
      exposures: [0, 1e-9].map((rough) => ({
        map: makeMap({ nx: 50, ny: 50, angle: 30, ratio: 1, bend: 1e-5, rough, centre: [30, 30] }),
        planes: makePlanes(50, 50, 3),
        options: scene.exposures[0].options,
      })),
    };
    const one = await onDevice(gpu, { ...wide, exposures: [wide.exposures[0]] });
    const other = await onDevice(gpu, { ...wide, exposures: [wide.exposures[1]] });
    const top = Math.max(...(one.weight as Float32Array));
    one.weight.forEach((w, o) => expect(Math.abs(w - other.weight[o])).toBeLessThan(4e-6 * top));
  });
});

describe("spreadOf", () => {
  it("follows drizzle in small things", () => {
    expect(spreadOf("square", 1, 1)).toBeUndefined();
    expect(spreadOf("square", 0.001, 1)?.kernel).toBe(0);
    expect(spreadOf("gaussian", 0.1, 2)?.radius).toBeCloseTo(0.5 + 1.2 / 2, 12); // never less: no holes
    expect(spreadOf("lanczos3", 0.3, 1.5)?.radius).toBe(2);
  });

  it("refuses nonsense", () => {
    expect(() => checkDrizzleOptions({ kernel: "tophat", pixfrac: 1 })).toThrow(
      /kernel "tophat": expected one of square/,
    );
    for (const pixfrac of [-0.5, 1.01, NaN])
      expect(() => checkDrizzleOptions({ kernel: "turbo", pixfrac })).toThrow(/pixfrac/);
    expect(() => spreadOf("lanczos2", 1, 1e-3)).toThrow(/reaches 2000 pixels/);
    expect(() => spreadOf("turbo", 1, 1e5)).toThrow(/pixel scale ratio/);
  });
});
