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
  options: { stackBudget?: number; maxRows?: number; rows?: (group: number) => Band } = {},
  all = images(groups),
): Promise<{ pixels: Float32Array; drizzled: number; bands: Band[] }> {
  const gpu = await testGpu();
  let drizzled = 0;
  const before = gpu.memory.used;
  const bands = await medianImage(gpu, {
    shape: [NY, NX],
    groups,
    maskpt: 0.7,
    maxRows: NY,
    fill: NaN,
    stackBudget: 1e9,
    ...options,
    drizzle: (group, { y0, ny }) => {
      drizzled++;
      const part = (plane: Float32Array): Float32Array => plane.subarray(y0 * NX, (y0 + ny) * NX);
      const data = gpu.upload("data", part(all[group].data));
      const weight = gpu.upload("weight", part(all[group].weight));
      return Promise.resolve({ data, weight });
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

function expected(all: readonly { data: Float32Array; weight: Float32Array }[]): Float32Array {
  const stack = new Float32Array(all.length * PIXELS);
  all.forEach(({ data, weight }, g) => {
    const threshold = weightThresholdTwin(weight, 0.7);
    stack.set(
      data.map((value, p) => (weight[p] < threshold ? NaN : value)),
      g * PIXELS,
    );
  });
  return nanmedianTwin(stack, PIXELS);
}

describe("medianImage", () => {
  it.each([1, 4, 5, 8, 9, 19, 35])("is numpy's median of masked groups: %i", async (groups) => {
    const { pixels, drizzled } = await run(groups);
    expect(pixels).toEqual(expected(images(groups)));
    expect(drizzled).toBe(groups);
  });

  it("gives the same bits in bands, and where the groups do not fit", async () => {
    for (const groups of [5, 9]) {
      const whole = (await run(groups)).pixels;
      const banded = await run(groups, { maxRows: 18 });
      expect(banded.bands.map(({ ny }) => ny)).toEqual([16, 16, 9]);
      expect(banded.pixels).toEqual(whole);
      const small = await run(groups, { maxRows: 16, stackBudget: groups * 21 * NX * 4 });
      expect(small.pixels).toEqual(whole);
      // all once for the thresholds, of which 20 rows are kept; then the other 21 rows
      expect(small.drizzled).toBe(groups * (3 + 2));
    }
  });

  it("asks for the rows that a group reaches, and no others", async () => {
    const reach: Band[] = [
      { y0: 0, ny: 13 },
      { y0: 9, ny: 14 },
      { y0: 30, ny: 11 },
      { y0: 41, ny: 0 },
      { y0: 3, ny: 22 },
    ];
    const all = images(5).map(({ data, weight }, g) => {
      const inside = (p: number): boolean =>
        Math.floor(p / NX) >= reach[g].y0 && Math.floor(p / NX) < reach[g].y0 + reach[g].ny;
      return {
        data: data.map((value, p) => (inside(p) ? value : NaN)),
        weight: weight.map((value, p) => (inside(p) ? value : 0)),
      };
    });
    const want = expected(all);
    expect(want.filter(Number.isNaN).length).toBeGreaterThan(PIXELS / 5); // rows 25 to 29 are empty
    for (const options of [{}, { maxRows: 16 }, { maxRows: 16, stackBudget: 2000 }]) {
      const { pixels } = await run(5, { ...options, rows: (group) => reach[group] }, all);
      expect(pixels).toEqual(want);
    }
  });

  it("drizzles one group more before it awaits a threshold, and rejects as a group does", async () => {
    const gpu = await testGpu();
    const all = images(4);
    const asked: number[] = [];
    let held = 0;
    let most = 0;
    const run = (failing: number): Promise<unknown> =>
      medianImage(gpu, {
        shape: [NY, NX],
        groups: all.length,
        maskpt: 0.7,
        maxRows: NY,
        fill: NaN,
        stackBudget: 1e9,
        drizzle: (group) => {
          asked.push(group);
          if (group === failing) return Promise.reject(new Error(`group ${group}`));
          const data = gpu.upload("data", all[group].data);
          const weight = gpu.upload("weight", all[group].weight);
          const free = weight.free.bind(weight);
          most = Math.max(most, ++held);
          weight.free = () => {
            held--;
            free();
          };
          return Promise.resolve({ data, weight });
        },
      });
    await run(-1);
    expect(asked).toEqual([0, 1, 2, 3]);
    expect(most).toBe(2);
    expect(held).toBe(0);
    await expect(run(2)).rejects.toThrow("group 2");
  });
});
