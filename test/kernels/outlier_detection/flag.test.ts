import { describe, expect, it } from "vitest";
import { halfToNumber, numberToHalf } from "../../../src/host/numerics/half.js";
import {
  flagOutliers,
  paddedWidth,
  RUN_ROWS,
  threshold,
  thresholdFactors,
} from "../../../src/shaders/outlier_detection/flag.js";
import { testGpu } from "../../helpers/gpu.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { type FlagInput, flagTwin } from "../../reference/flag_outliers.js";

const FLAGS = 129;

async function run(input: FlagInput): Promise<{ dq: Uint32Array; count: number }> {
  const gpu = await testGpu();
  const { nx, ny } = input;
  const data = gpu.upload("data", input.data);
  const err = gpu.upload("err", input.err);
  const width = paddedWidth(nx);
  const padded = new Float32Array(width * ny).fill(7);
  for (let y = 0; y < ny; y++) padded.set(input.blotted.subarray(y * nx, (y + 1) * nx), y * width);
  const blotted = gpu.upload("blotted", padded);
  const dq = gpu.upload("dq", new Uint32Array(nx * ny).fill(4));
  const counts = gpu.upload("counts", new Uint32Array(3));
  const masks = gpu.alloc("masks", Math.ceil(ny / RUN_ROWS) * width * 4);
  const row = [0, width / 4, 0, width / 4];
  const words = Uint32Array.from({ length: 4 * Math.ceil(ny / RUN_ROWS) }, (_, k) => row[k % 4]);
  const spans = gpu.upload("spans", words);
  const size = [nx, ny];
  const strips = Math.ceil(ny / RUN_ROWS);
  const { snr, scale, background } = input;
  const params = {
    size,
    half: input.err instanceof Uint16Array ? 1 : 0,
    background,
    ...thresholdFactors(snr, scale),
  };
  gpu
    .recorder("flag")
    .run(threshold, { params, data, err, blotted, spans, masks }, [Math.ceil(width / 256), strips], {
      ALIGNED: width === nx,
    })
    .run(flagOutliers, { params: { size, counter: 1, flags: FLAGS }, masks, dq, counts }, [
      Math.ceil(nx / 64),
      strips,
    ])
    .submit();
  const result = {
    dq: await gpu.read(dq, Uint32Array, 0, nx * ny),
    count: (await gpu.read(counts, Uint32Array))[1],
  };
  for (const buffer of [data, err, blotted, dq, counts, masks, spans]) buffer.free();
  return result;
}

function scene(nx: number, ny: number, half: boolean, seed: number): FlagInput {
  const random = seeded(seed);
  const normal = gaussian(random);
  const blotted = Float32Array.from({ length: nx * ny }, (_, i) => {
    const roll = random();
    if (roll < 0.02) return NaN;
    if (roll < 0.021) return Infinity;
    return 0.3 + 0.02 * Math.sin(i / 9) + 0.01 * normal();
  });
  const data = blotted.map((value) =>
    random() < 0.03 ? NaN : 0.01 + value + 0.05 * normal() * (random() < 0.2 ? 6 : 1),
  );
  const errors = Float32Array.from({ length: nx * ny }, () => {
    const roll = random();
    if (roll < 0.02) return NaN;
    if (roll < 0.03) return Infinity;
    if (roll < 0.04) return 0;
    return 0.03 + 0.02 * random();
  });
  const err = half ? Uint16Array.from(errors, numberToHalf) : errors;
  return { nx, ny, data, err, blotted, snr: [5, 4], scale: [1.2, 0.7], background: 0.01 };
}

describe("flagOutliers", () => {
  it.each([
    ["float16 errors", 77, 53, true],
    ["float32 errors", 77, 53, false],
    ["one row", 40, 1, true],
    ["one column", 1, 33, true],
    ["whole words", 64, 32, true],
    ["whole quads of float32 errors", 60, 33, false],
    ["one pixel", 1, 1, false],
  ])("flags what numpy flags: %s", async (_name, nx, ny, half) => {
    const input = scene(nx, ny, half, nx + ny);
    const expected = flagTwin(input);
    const { dq, count } = await run(input);
    expect(Array.from(dq)).toEqual(Array.from(expected, (flag) => (flag ? 4 | FLAGS : 4)));
    expect(count).toBe(expected.reduce((n, flag) => n + flag, 0));
    if (nx === 77) expect(count).toBeGreaterThan(50);
  });

  it.each([
    ["first factors below the second", [3, 4], [0.5, 0.7]],
    ["no multiple of the error", [0, 0], [1.2, 0.7]],
    ["tiny multiples", [1e-7, 2e-7], [1.2, 0.7]],
    ["negative factors", [-1, 2], [3, -0.5]],
    ["multiples beyond float16", [5, 70000], [0, 0]],
  ] as const)("flags the same with any factors: %s", async (_name, snr, scale) => {
    for (const half of [true, false]) {
      const plain = scene(77, 53, half, 9);
      const err = plain.err.map((e, i) => (i % 7 === 0 ? (half ? e ^ 0x8000 : -e) : e));
      const input = { ...plain, err, snr, scale };
      const expected = flagTwin(input);
      expect((await run(input)).count).toBe(expected.reduce((n, flag) => n + flag, 0));
    }
  });

  it("tells differences of float16 errors below the normal ones", async () => {
    const random = seeded(4);
    const plain = scene(60, 40, true, 5);
    const err = Uint16Array.from(plain.err, () => Math.floor(random() * 0x500));
    const data = plain.blotted.map((b, i) => b + 4.5 * halfToNumber(err[i]) * (0.7 + 0.6 * random()));
    const input = { ...plain, err, data, blotted: plain.blotted, scale: [0, 0] as const, background: 0 };
    const expected = flagTwin(input);
    const { dq } = await run(input);
    expect(Array.from(dq)).toEqual(Array.from(expected, (flag) => (flag ? 4 | FLAGS : 4)));
  });

  it("rounds the float16 product as numpy does", async () => {
    // 5 * 0.1 in float16 is 0.5 (0.49988 before rounding to 11 bits): a difference of 0.49995 lies between the two
    const err = new Uint16Array(9).fill(numberToHalf(0.1));
    const data = new Float32Array(9);
    data[4] = 0.49994;
    const base = { nx: 3, ny: 3, data, blotted: new Float32Array(9), background: 0 } as const;
    const half = { ...base, err, snr: [5, 5], scale: [0, 0] } as const;
    const single = { ...half, err: new Float32Array(9).fill(0.0999755859375) };
    expect((await run(half)).count).toBe(flagTwin(half)[4]);
    expect((await run(single)).count).toBe(1);
    expect(flagTwin(half)[4]).toBe(0);
  });
});
