import { describe, expect, it } from "vitest";
import type { Band } from "../../../src/pipelines/context.js";
import { medianImage } from "../../../src/pipelines/median_image.js";
import { testGpu } from "../../helpers/gpu.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { nanmedianTwin } from "../../reference/nanmedian.js";
import { weightThresholdTwin } from "../../reference/weight_threshold.js";

const NX = 37;
const NY = 41;
const PIXELS = NX * NY;

function images(groups: number): { data: Float32Array; weight: Float32Array }[] {
  const random = seeded(groups);
  const normal = gaussian(random);
  return Array.from({ length: groups }, () => {
    const weight = Float32Array.from({ length: PIXELS }, () => (random() < 0.2 ? 0 : 500 + 150 * normal()));
    return { weight, data: weight.map((w) => (w === 0 ? NaN : normal())) };
  });
}

async function run(
  groups: number,
  options: { stackBudget?: number; maxRows?: number } = {},
): Promise<{ pixels: Float32Array; drizzled: number; bands: Band[] }> {
  const gpu = await testGpu();
  const all = images(groups);
  let drizzled = 0;
  const before = gpu.memory.used;
  const bands = await medianImage(gpu, {
    shape: [NY, NX],
    groups,
    maskpt: 0.7,
    maxRows: NY,
    stackBudget: 1e9,
    ...options,
    drizzle: (group, { y0, ny }) => {
      drizzled++;
      const part = (plane: Float32Array): Float32Array => plane.subarray(y0 * NX, (y0 + ny) * NX);
      const data = gpu.upload("data", part(all[group].data));
      const weight = gpu.upload("weight", part(all[group].weight));
      return Promise.resolve({ data, weight, free: () => [data, weight].forEach((buffer) => buffer.free()) });
    },
  });
  const pixels = new Float32Array(PIXELS);
  for (const [i, { y0, ny, buffer }] of bands.entries()) {
    const rows = Math.min(ny + 1, NY - y0);
    const part = await gpu.read(buffer, Float32Array, 0, rows * NX);
    if (i > 0) expect(part.subarray(0, NX)).toEqual(pixels.subarray(y0 * NX, (y0 + 1) * NX));
    pixels.set(part, y0 * NX);
    buffer.free();
  }
  expect(gpu.memory.used).toBe(before);
  return { pixels, drizzled, bands };
}

describe("medianImage", () => {
  it.each([1, 4, 5, 19])("is numpy's median of masked groups: %i", async (groups) => {
    const stack = new Float32Array(groups * PIXELS);
    images(groups).forEach(({ data, weight }, g) => {
      const threshold = weightThresholdTwin(weight, 0.7);
      stack.set(
        data.map((value, p) => (weight[p] < threshold ? NaN : value)),
        g * PIXELS,
      );
    });
    const { pixels, drizzled } = await run(groups);
    expect(pixels).toEqual(nanmedianTwin(stack, PIXELS));
    expect(drizzled).toBe(groups);
  });

  it("gives the same bits in bands, and where the stack does not fit", async () => {
    const whole = (await run(5)).pixels;
    const banded = await run(5, { maxRows: 16 });
    expect(banded.bands.map(({ ny }) => ny)).toEqual([16, 16, 9]);
    expect(banded.pixels).toEqual(whole);
    const small = await run(5, { maxRows: 16, stackBudget: 5 * 6 * NX * 4 });
    expect(small.pixels).toEqual(whole);
    expect(small.drizzled).toBe(5 * 3 + 5 * (3 + 3 + 2)); // all bands once, then stacks of 6 rows
  });
});
