import { describe, expect, it } from "vitest";
import type { StatAnswer, StatRequest, StatRun } from "../../../src/host/numerics/imagestats.js";
import { skyStatistic } from "../../../src/host/numerics/imagestats.js";
import { allPixels, fillPolygons, type Spans } from "../../../src/host/numerics/polygon_fill.js";
import { SkySets } from "../../../src/pipelines/sky_sets.js";
import { subtractSky } from "../../../src/shaders/skymatch/kernels.js";
import { testGpu } from "../../helpers/gpu.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { answerFor, runOver } from "../../reference/sky_pixels.js";

const BAD = 0x80000001; // two DQ bits, the highest too
const OPTIONS = {
  lower: null,
  upper: null,
  nclip: 5,
  lsigma: 4,
  usigma: 4,
  binwidth: 0.1,
} as const;

interface Picture {
  nx: number;
  ny: number;
  data: Float32Array;
  dq: Uint32Array;
}

/** Sky with noise, stars, NaN and infinities; flags that count and flags that don't. */
function picture(nx: number, ny: number, seed: number, level = 0.27): Picture {
  const random = seeded(seed);
  const normal = gaussian(random);
  const data = Float32Array.from({ length: nx * ny }, () => {
    const u = random();
    if (u < 0.02) return [NaN, Infinity, -Infinity][Math.floor(u * 150)];
    return level + 0.03 * normal() + (u > 0.97 ? 50 * random() ** 4 : 0);
  });
  const dq = Uint32Array.from({ length: nx * ny }, () => {
    const u = random();
    return u < 0.03 ? 1 : u < 0.05 ? 0x80000004 : u < 0.4 ? 6 : 0;
  });
  return { nx, ny, data, dq };
}

function pixelsOf({ nx, data, dq }: Picture, spans: Spans): Float32Array {
  const values: number[] = [];
  for (let y = 0; y < spans.ny; y++) {
    for (let s = spans.rowStart[y]; s < spans.rowStart[y + 1]; s++) {
      for (let i = y * nx + spans.runs[2 * s]; i <= y * nx + spans.runs[2 * s + 1]; i++) {
        if ((dq[i] & BAD) === 0 && Number.isFinite(data[i])) values.push(data[i]);
      }
    }
  }
  return Float32Array.from(values);
}

function setsOf(nx: number, ny: number): Spans[] {
  const triangle = { x: [1, nx - 2, nx / 3, 1], y: [0, ny / 2, ny - 1, 0] };
  const square = { x: [nx - 4, nx + 3, nx + 3, nx - 4, nx - 4], y: [-2, -2, 4, 4, -2] };
  const nothing = { x: [1, 3, 3, 1], y: [-9, -9, -7, -9] };
  return [allPixels(nx, ny), fillPolygons([triangle, square], nx, ny), fillPolygons([nothing], nx, ny)];
}

async function onDevice<T>(
  { nx, ny, data, dq }: Picture,
  sets: Spans[],
  work: (s: SkySets) => Promise<T>,
): Promise<T> {
  const gpu = await testGpu();
  const [a, b] = [gpu.upload("data", data), gpu.upload("dq", dq)];
  const pixels = new SkySets(gpu, { nx, ny, data: a, dq: b, bad: BAD }, sets);
  const result = await work(pixels);
  pixels.free();
  a.free();
  b.free();
  return result;
}

function* ask(request: StatRequest): StatRun<StatAnswer> {
  return yield request;
}

describe("sets of pixels on the device", () => {
  const sizes: [number, number][] = [
    [1, 1],
    [5, 3],
    [257, 31],
    [66, 1030],
  ];
  it.each(sizes)("answers as its twin, %i x %i", async (nx, ny) => {
    const scene = picture(nx, ny, nx);
    const sets = setsOf(nx, ny);
    const requests: StatRequest[] = [
      { kind: "moments", lo: 0.2, hi: 0.4, pivot: Math.fround(0.27) },
      { kind: "histogram", min: Math.fround(0.2), end: Math.fround(0.5), scale: 100, bins: 30 },
      { kind: "histogram", min: 0, end: 60, scale: 200, bins: 12000 }, // beyond what is counted in a workgroup
      { kind: "digits", lo: -1, hi: 100, shift: 24, prefix: 0 },
      { kind: "digits", lo: -1, hi: 0.3, shift: 16, prefix: 0xbe },
    ];
    for (const request of requests) {
      const found = await onDevice(scene, sets, (s) => s.measure(() => ask(request)));
      sets.forEach((set, k) => {
        const expected = answerFor(pixelsOf(scene, set), request);
        if (expected instanceof Uint32Array || found[k] instanceof Uint32Array) {
          expect(found[k]).toEqual(expected);
          return;
        }
        const ours = found[k];
        const { count, sum, squares } = expected;
        expect({ ...ours, sum: 0, squares: 0 }).toEqual({ ...expected, sum: 0, squares: 0 });
        // f32 within workgroups of thousands of values: 6e-8 of each partial sum, either way
        expect(Math.abs(ours.sum - sum)).toBeLessThanOrEqual(1e-6 * Math.sqrt(squares * Math.max(count, 1)));
        expect(Math.abs(ours.squares - squares)).toBeLessThanOrEqual(1e-6 * squares);
      });
    }
  });

  it.each(["mode", "midpt", "median", "mean"] as const)(
    "finds the same %s, twice the same",
    async (skystat) => {
      const scene = picture(301, 203, 8, 3.2);
      const sets = setsOf(301, 203);
      const run = () => onDevice(scene, sets, (s) => s.measure(() => skyStatistic({ ...OPTIONS, skystat })));
      const found = await run();
      sets.forEach((set, k) => {
        const expected = runOver(pixelsOf(scene, set), skyStatistic({ ...OPTIONS, skystat }));
        expect(found[k]?.npix).toBe(expected?.npix);
        // the f32 deviation's last bit may differ: 6e-8 of a level of 3.2 in bins of 0.003
        if (expected) expect(Math.abs(found[k]!.sky - expected.sky)).toBeLessThan(2e-7);
      });
      expect(found[2]).toBeUndefined();
      expect(await run()).toEqual(found);
    },
  );

  it.each([
    ["mode", 9],
    ["midpt", 9],
    ["mode", 7],
  ] as const)("finds the %s of %i sets that overlap", async (skystat, count) => {
    const [nx, ny] = [301, 203];
    const scene = picture(nx, ny, 11);
    const sets = Array.from({ length: count }, (_, k) => {
      const [x, y] = [(k * 37) % 60, (k * 23) % 41];
      return fillPolygons([{ x: [x, 300, 240 + x, 0, x], y: [0, y, 202, 160 + y, 0] }], nx, ny);
    });
    const found = await onDevice(scene, sets, (s) => s.measure(() => skyStatistic({ ...OPTIONS, skystat })));
    sets.forEach((set, k) => {
      const expected = runOver(pixelsOf(scene, set), skyStatistic({ ...OPTIONS, skystat }))!;
      expect(found[k]?.npix).toBe(expected.npix);
      // as above, of a level of 0.27
      expect(Math.abs(found[k]!.sky - expected.sky)).toBeLessThan(2e-8);
    });
  });

  // more pixels than are sampled whole
  const [NX, NY] = [731, 613];
  const clipped = (nclip: number, sigmas: number) =>
    skyStatistic({ ...OPTIONS, skystat: "mode", nclip, lsigma: sigmas, usigma: sigmas });
  it.each([
    ["few pixels beyond the core", 5, 4, false],
    ["more beyond it than are listed", 4, 0.7, false],
    ["a sample that misleads", 5, 4, true],
  ] as const)("finds a large set's mode: %s", async (_name, nclip, sigmas, misled) => {
    const scene = picture(NX, NY, 5);
    if (misled) for (let y = 0; y < NY; y += 3) scene.data.fill(0.27 + 1e-4 * (y % 5), y * NX, (y + 1) * NX);
    const sets = [allPixels(NX, NY), setsOf(NX, NY)[1]];
    const found = await onDevice(scene, sets, (s) => s.measure(() => clipped(nclip, sigmas)));
    sets.forEach((set, k) => {
      const expected = runOver(pixelsOf(scene, set), clipped(nclip, sigmas))!;
      expect(found[k]?.npix).toBe(expected.npix);
      // as above; bins of 0.1 deviations move with its last bit
      expect(Math.abs(found[k]!.sky - expected.sky)).toBeLessThan(2e-8);
    });
    expect(await onDevice(scene, sets, (s) => s.measure(() => clipped(nclip, sigmas)))).toEqual(found);
  });

  it("subtracts in f32", async () => {
    const gpu = await testGpu();
    const { data } = picture(37, 11, 2);
    const plane = gpu.upload("data", data);
    const sky = Math.fround(0.0123);
    gpu
      .recorder("subtract")
      .run(subtractSky, { params: { count: data.length, sky }, data: plane }, [1])
      .submit();
    expect(await gpu.read(plane, Float32Array, 0, data.length)).toEqual(data.map((v) => v - sky));
    plane.free();
  });
});
