import { describe, expect, it } from "vitest";
import { sumAndMaxAboveZero, mosaicStatistics } from "../../../src/pipelines/mosaic_statistics.js";
import { testGpu } from "../../helpers/gpu.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { meanAndMaxTwin, statisticsTwin } from "../../reference/mosaic_statistics.js";

describe("sumAndMaxAboveZero", () => {
  it.each([1, 255, 70_001])("is numpy's over %i pixels in two pieces", async (count) => {
    const gpu = await testGpu();
    const random = seeded(count);
    const values = Float32Array.from({ length: count }, () => {
      const roll = random();
      return roll < 0.2
        ? 0
        : roll < 0.22
          ? NaN
          : 139.1 * (1 + Math.floor(4 * random())) * (1 + 1e-4 * random());
    });
    const half = Math.floor(count / 2);
    const chunks = [values.subarray(0, half), values.subarray(half)]
      .filter((part) => part.length)
      .map((part) => ({ values: gpu.upload("values", part), count: part.length }));
    const found = await sumAndMaxAboveZero(gpu, chunks);
    const expected = meanAndMaxTwin(values);
    // 16 f32 additions a lane and 8 levels of the tree, each half an ulp: 24 * 2^-24
    const mean = found.count ? found.sum / found.count : 0;
    expect(Math.abs(mean - expected.mean)).toBeLessThanOrEqual(1.5e-6 * expected.mean);
    expect(found.max).toBe(expected.max);
    for (const { values: buffer } of chunks) buffer.free();
  });

  it("is 0 where nothing is above 0", async () => {
    const gpu = await testGpu();
    const values = gpu.upload("values", Float32Array.of(0, NaN, -3));
    expect(await sumAndMaxAboveZero(gpu, [{ values, count: 3 }])).toEqual({ count: 0, sum: 0, max: 0 });
    values.free();
  });
});

describe("mosaicStatistics", () => {
  it("is numpy's and astropy's to the bit", async () => {
    const gpu = await testGpu();
    const random = seeded(5);
    const normal = gaussian(random);
    const data = Float32Array.from({ length: 5003 }, () => (random() < 0.1 ? NaN : 0.26 + 0.02 * normal()));
    const err = data.map((value, i) => (i % 13 === 0 ? NaN : i % 17 === 0 ? 0 : value));
    const values = gpu.upload("data", data);
    const guards = gpu.upload("err", err);
    const found = await mosaicStatistics(gpu, [{ values, guards, count: data.length }]);
    expect(found).toEqual(statisticsTwin(data, err));
    const parts = [0, 2000].map((k) => {
      const [values, guards] = [data, err].map((plane) => plane.subarray(k, k + 2000 + k));
      return { count: values.length, load: () => Promise.resolve({ values, guards }) };
    });
    expect(await mosaicStatistics(gpu, parts)).toEqual(found);
    values.free();
    guards.free();
  });

  it("has nothing to say of an empty mosaic", async () => {
    const gpu = await testGpu();
    const values = gpu.upload("data", new Float32Array(10).fill(NaN));
    expect(await mosaicStatistics(gpu, [{ values, guards: values, count: 10 }])).toEqual({
      image_median: NaN,
      image_rms: NaN,
      good_pixel_fraction: 0,
    });
    values.free();
  });
});
