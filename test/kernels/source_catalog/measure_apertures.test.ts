import { beforeAll, describe, expect, it } from "vitest";
import type { Gpu } from "../../../src/gpu/index.js";
import {
  annulusOffsets,
  measureAnnulus,
  measureApertures,
} from "../../../src/pipelines/source_catalog/measure_apertures.js";
import type { MeasureImages } from "../../../src/pipelines/source_catalog/measure_device.js";
import { testGpu } from "../../helpers/gpu.js";
import { annulusTwin, apertureTwin } from "../../reference/measure.js";
import { expectRelative, expectWithin } from "../../reference/measure_close.js";
import { makeScene, uploadScene } from "../../reference/measure_scene.js";
import { uniforms } from "../../reference/random.js";

const scene = makeScene(3);
const { nx, ny } = scene;
let gpu: Gpu;
let images: MeasureImages;
beforeAll(async () => {
  gpu = await testGpu();
  images = uploadScene(gpu, scene);
});

const random = uniforms(60, 7);
// within, on pixel corners and centres, at the edges, off the image, nowhere
const x = Float32Array.from([
  ...random.slice(0, 30).map((u) => u * nx - 0.5),
  20,
  20.5,
  -0.5,
  nx - 0.5,
  -30,
  NaN,
]);
const y = Float32Array.from([...random.slice(30).map((u) => u * ny - 0.5), 31, 31.5, -0.5, ny - 0.5, 10, 12]);

describe("circular apertures", () => {
  const radii = [0.3, 0.9090909, 1.8181818, 3.6363636, 7.2727272, 14.5454545, 29.0909091];

  it("sum as the twin does, NaN included", async () => {
    const found = await measureApertures(gpu, images, x, y, radii);
    let missing = 0;
    radii.forEach((radius, k) => {
      x.forEach((at, i) => {
        const twin = apertureTwin(scene, at, y[i], radius);
        if (Number.isNaN(twin.flux)) missing++;
        // overlaps are good to 2e-6 pixel; err is about 1 and data at most 250, so the boundary's 6 r pixels sum up to this
        const tolerance = 2e-6 * 50 * (6 * radius + 1);
        expectWithin(found.flux[k][i], twin.flux, tolerance, `flux ${i}, radius ${radius}`);
        expectRelative(found.fluxError[k][i], twin.fluxError, 2e-6, `error ${i}, radius ${radius}`);
      });
    });
    expect(missing, "apertures with NaN or off the image").toBeGreaterThan(20);
  });

  it("give the aperture's area on a plane of ones", async () => {
    const ones = gpu.upload("ones", new Float32Array(nx * ny).fill(1));
    const found = await measureApertures(gpu, { nx, ny, data: ones, err: ones }, [64.3], [48.1], radii);
    radii.forEach((radius, k) => {
      expectRelative(found.flux[k][0], Math.PI * radius * radius, 1e-6, `area of ${radius}`);
    });
    ones.free();
  });

  it("are the same bits on every run", async () => {
    const first = await measureApertures(gpu, images, x, y, radii);
    expect(await measureApertures(gpu, images, x, y, radii)).toEqual(first);
  });

  it("carry infinities as sums do", async () => {
    const plane = (values: number[]) => gpu.upload("values", Float32Array.from(values));
    const err = plane([1, 1, 1]);
    const sum = async (values: number[]) =>
      (await measureApertures(gpu, { nx: 3, ny: 1, data: plane(values), err }, [1], [0], [5])).flux[0][0];
    expect(await sum([Infinity, 1, 1])).toBe(Infinity);
    expect(await sum([-Infinity, 1, 1])).toBe(-Infinity);
    expect(await sum([Infinity, -Infinity, 1])).toBeNaN();
  });
});

describe("annulus background", () => {
  it.each([
    [8.3, 12.1],
    [20, 26],
    [30, 60], // more pixels than the workgroup's memory holds keys for
  ])("from %f to %f pixels", async (inner, outer) => {
    const found = await measureAnnulus(gpu, images, x, y, [inner, outer]);
    x.forEach((at, i) => {
      const twin = annulusTwin(scene, at, y[i], inner, outer);
      // the median is a value or the mean of two; the spread's terms are f32
      expectRelative(found.background[i], twin.background, 1e-12, `background ${i}`);
      expectRelative(found.backgroundError[i], twin.backgroundError, 1e-6, `error ${i}`);
    });
  });

  it("lists the pixels that any sub-pixel position can reach", () => {
    const list = annulusOffsets(3, 5);
    const has = new Set<string>();
    for (let k = 0; k < list.length; k += 2) has.add(`${list[k]},${list[k + 1]}`);
    for (let fx = -0.5; fx <= 0.5; fx += 0.125) {
      for (let fy = -0.5; fy <= 0.5; fy += 0.125) {
        for (let dy = -7; dy <= 7; dy++) {
          for (let dx = -7; dx <= 7; dx++) {
            const d2 = (dx - fx) ** 2 + (dy - fy) ** 2;
            if (d2 >= 9 && d2 < 25) expect(has.has(`${dx},${dy}`)).toBe(true);
          }
        }
      }
    }
    expect(list.length / 2).toBeLessThan(15 * 15);
  });
});
