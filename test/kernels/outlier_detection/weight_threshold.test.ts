import { describe, expect, it } from "vitest";
import { OrderStatistics } from "../../../src/pipelines/order_statistics.js";
import { nextFloat32, weightThreshold } from "../../../src/pipelines/weight_threshold.js";
import { testGpu } from "../../helpers/gpu.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { weightThresholdTwin } from "../../reference/weight_threshold.js";

async function threshold(weights: Float32Array, pieces = 1): Promise<number> {
  const gpu = await testGpu();
  const size = Math.ceil(weights.length / pieces);
  const chunks = Array.from({ length: pieces }, (_, i) => {
    const part = weights.subarray(i * size, (i + 1) * size);
    return { values: gpu.upload("weights", part), count: part.length };
  });
  try {
    return await weightThreshold(gpu, chunks, 0.7);
  } finally {
    for (const { values } of chunks) values.free();
  }
}

// f32 sums of deviations within a workgroup (at most 96 + 8 additions) against f64: below 1e-6 of the standard deviation
const RELATIVE = 1e-6;

/** Of so many weights it looks at one four in three first. */
const LARGE = 1_050_001;

function mixed(count: number, seed: number): Float32Array {
  const random = seeded(seed);
  const normal = gaussian(random);
  return Float32Array.from({ length: count }, () => {
    const kind = random();
    if (kind < 0.3) return 0;
    if (kind < 0.32) return NaN;
    if (kind < 0.33) return Infinity;
    if (kind < 0.4) return 4000 * random();
    if (kind < 0.42) return -50 * random();
    return 600 + 30 * normal();
  });
}

describe("weightThreshold", () => {
  it.each([
    ["a few thousand pixels", 12_347, 1],
    ["an image in three pieces", 300_001, 3],
  ])("is numpy's: %s", async (_name, count, pieces) => {
    const weights = mixed(count, count);
    const expected = weightThresholdTwin(weights, 0.7);
    const found = await threshold(weights, pieces);
    expect(Math.abs(found - expected)).toBeLessThan(RELATIVE * expected);
  });

  it("keeps a single value, equal values, and an even number of values", async () => {
    expect(await threshold(Float32Array.of(0, 5, NaN))).toBe(5 * 0.7);
    expect(await threshold(new Float32Array(70).fill(3))).toBeCloseTo(3 * 0.7, 12);
    expect(await threshold(Float32Array.of(1, 2, 3, 4))).toBeCloseTo(2.5 * 0.7, 6);
  });

  it.each([
    ["nothing", 0],
    ["one value only", 3],
  ])("does not depend on its first look at a large image, which sees %s", async (_name, seen) => {
    const weights = Float32Array.from({ length: LARGE }, (_, i) => ((i >> 2) % 3 ? 1 + (i % 4) : seen));
    const sum = weights.reduce((total, w) => total + w, 0);
    const count = weights.reduce((total, w) => total + (w > 0 ? 1 : 0), 0);
    expect(await threshold(weights)).toBeCloseTo((0.7 * sum) / count, 12); // none is 3 sigma off; sums are exact
  });

  it.each([
    ["weights across a power of two", 256, 6, 0.03],
    ["wide wings", 500, 20, 0.12],
    ["negative weights", -300, 9, 0.02],
  ])("is numpy's of a large image: %s", async (_name, centre, width, others) => {
    const random = seeded(centre + 1000);
    const normal = gaussian(random);
    const weights = Float32Array.from({ length: LARGE }, () => {
      const kind = random();
      if (kind < others) return centre * 2 * random();
      return kind < 0.3 ? 0 : centre + width * normal();
    });
    const expected = weightThresholdTwin(weights, 0.7);
    const found = await threshold(weights, 2);
    expect(Math.abs(found - expected)).toBeLessThan(RELATIVE * Math.abs(expected));
  });

  it("is NaN where no weight counts", async () => {
    expect(await threshold(Float32Array.of(0, NaN, Infinity))).toBeNaN();
  });

  it("gives the same bits twice", async () => {
    const weights = mixed(50_000, 3);
    expect(await threshold(weights)).toBe(await threshold(weights));
  });
});

describe("OrderStatistics", () => {
  it("finds every rank exactly, negative values and ties included", async () => {
    const gpu = await testGpu();
    const random = seeded(9);
    const data = Float32Array.from(
      { length: 999 },
      () => Math.round((random() - 0.5) * 40) / 4 + (random() < 0.5 ? 1e-6 : 0),
    );
    const guard = data.map((_, i) => (i % 7 === 0 ? NaN : i % 5 === 0 ? 0 : 1));
    const values = gpu.upload("values", data);
    const guards = gpu.upload("guards", guard);
    const chunks = [{ values, guards, count: data.length }];
    const good = [...data].filter((_, i) => guard[i] > 0).sort((a, b) => a - b);
    const plain = new OrderStatistics(gpu, chunks, { mode: "guarded" });
    expect(await plain.count()).toBe(good.length);
    for (const rank of [0, 1, 200, 350, good.length - 1]) expect(await plain.at(rank)).toBe(good[rank]);
    await expect(plain.at(good.length)).rejects.toThrow(RangeError);
    const centre = good[good.length >> 1];
    const deviations = good.map((x) => Math.abs(Math.fround(x - centre))).sort((a, b) => a - b);
    const around = new OrderStatistics(gpu, chunks, { mode: "deviation", centre });
    for (const rank of [0, 123, good.length - 1]) expect(await around.at(rank)).toBe(deviations[rank]);
    const others = [...data].filter((x) => x !== 0).sort((a, b) => a - b);
    const nonzero = new OrderStatistics(gpu, chunks, { mode: "nonzero" });
    expect(await nonzero.count()).toBe(others.length);
    for (const rank of [0, 321, others.length - 1]) expect(await nonzero.at(rank)).toBe(others[rank]);
    values.free();
    guards.free();
  });
});

describe("nextFloat32", () => {
  it("is the smallest float32 that is not below", () => {
    for (const value of [0.1, -0.1, 1, 1 + 1e-12, 123.456]) {
      const next = nextFloat32(value);
      expect(next).toBeGreaterThanOrEqual(value);
      expect(next - value).toBeLessThanOrEqual(Math.abs(value) * 2 ** -23);
    }
    expect(nextFloat32(1)).toBe(1);
  });
});
