import { describe, expect, it } from "vitest";
import { halfToNumber } from "../../../src/host/numerics/half.js";
import { ExposureGeometry, PackedExposure, type Weighting } from "../../../src/pipelines/drizzle.js";
import { packTwin } from "../../reference/drizzle_pack.js";
import { readTexels, testGpu } from "../../helpers/gpu.js";
import { makeMap, makePlanes, release, upload } from "./scene.js";

const NX = 67; // no multiple of the workgroup
const NY = 33;
const WINDOW = { x0: 3, y0: 1, nx: 62, ny: 31 }; // the gather kernels read windows of an image
const X1 = WINDOW.x0 + WINDOW.nx - 1;
const map = makeMap({ nx: NX, ny: NY, angle: 10, ratio: 0.5, centre: [40, 50] });
const range = { x0: 0, x1: NX - 1, y0: 0, y1: NY - 1 };
const geometry = new ExposureGeometry(map, [80, 70], range, 1);

const cases: { weighting: Weighting; half: boolean; rnoise: boolean }[] = [
  { weighting: { type: "ivm" }, half: true, rnoise: true },
  { weighting: { type: "ivm" }, half: false, rnoise: true },
  { weighting: { type: "ivm" }, half: true, rnoise: false },
  { weighting: { type: "ivm" }, half: false, rnoise: false },
  { weighting: { type: "exptime", time: 151.84 }, half: true, rnoise: true },
  { weighting: { type: "ivm-sky", median: 0.73 }, half: true, rnoise: true },
  { weighting: { type: "ivm-sky", median: 0.73 }, half: false, rnoise: false },
];

describe("drizzle/pack: numpy's weights and roots", () => {
  it.each(cases)("$weighting.type, halves $half, var_rnoise $rnoise", async ({ weighting, half, rnoise }) => {
    const gpu = await testGpu();
    const values = makePlanes(NX, NY, 5, { half, rnoise });
    const planes = upload(gpu, NX, NY, values);
    const rec = gpu.recorder("pack");
    const options = { goodBits: ~1, level: 0.37, weighting, variances: true, flat: true };
    const packed = new PackedExposure(gpu, planes, geometry, options);
    const wanted = Int32Array.from({ length: 2 * WINDOW.ny }, (_, k) => (k & 1 ? X1 - (k % 3) : WINDOW.x0));
    const count = WINDOW.nx * WINDOW.ny + 1;
    const data = gpu.alloc("data", 8 * count);
    const poisson = gpu.texels("poisson", count);
    const flat = gpu.texels("flat", count);
    packed.pack(rec, "data", WINDOW, wanted, data);
    packed.pack(rec, "poisson", WINDOW, wanted, poisson);
    packed.pack(rec, "flat", WINDOW, wanted, flat);
    rec.submit();
    const read = {
      data: await gpu.read(data, Float32Array, 0, 2 * count),
      poisson: await readTexels(gpu, poisson, count),
      flat: await readTexels(gpu, flat, count),
    };
    for (const held of [data, poisson, flat]) held.free();
    const { limits } = geometry;
    const want = packTwin(values, 1, 0.37, weighting, (p) => {
      const j = Math.floor(p / NX);
      return p % NX >= limits[2 * j] && p % NX <= limits[2 * j + 1];
    });
    // + - * / sqrt are correctly rounded on software drivers, within 3 units elsewhere; halves are exact everywhere
    const near = (got: number, expected: number): boolean =>
      Object.is(got, expected) || got === expected || Math.abs(got - expected) <= 4e-7 * Math.abs(expected);
    const bad: unknown[] = [];
    for (let p = 0; p < NX * NY; p++) {
      const [i, j] = [(p % NX) - WINDOW.x0, Math.floor(p / NX) - WINDOW.y0];
      if (j < 0 || j >= WINDOW.ny || p % NX < wanted[2 * j] || p % NX > wanted[2 * j + 1]) continue;
      const at = j * WINDOW.nx + i;
      const signal = [want.weight[p], want.data[p]];
      const pairs = [
        [...read.data.subarray(2 * at, 2 * at + 2), ...signal],
        [...read.poisson.subarray(4 * at, 4 * at + 2), ...signal],
        [...read.poisson.subarray(4 * at + 2, 4 * at + 4), want.rnoise[p], want.poisson[p]],
        [...read.flat.subarray(4 * at, 4 * at + 2), ...signal],
        [...read.flat.subarray(4 * at + 2, 4 * at + 4), want.rnoise[p], want.flat[p]],
      ];
      if (!pairs.every(([a, b, c, d]) => near(a, c) && near(b, d))) bad.push({ p, pairs });
    }
    for (const values of Object.values(read))
      expect(values.subarray(values.length - values.length / count).every((x) => x === 0)).toBe(true);
    expect(bad).toEqual([]);
    expect(want.weight.filter((weight) => weight > 0).length).toBeGreaterThan(500);
    packed.free();
    release(planes);
  });

  it("rounds reciprocals and roots of every half as numpy does", async () => {
    const gpu = await testGpu();
    const n = 256;
    const halves = Array.from({ length: n * n }, (_, bits) => halfToNumber(bits));
    const zeros = halves.map(() => 0);
    const values = {
      data: zeros.map(() => 1),
      err: zeros,
      rnoise: halves,
      poisson: halves,
      flat: undefined,
      dq: zeros,
      half: true,
    };
    const planes = upload(gpu, n, n, values);
    const all = new ExposureGeometry(
      makeMap({ nx: n, ny: n, angle: 0, ratio: 0.5, centre: [260, 260] }),
      [520, 520],
      { x0: 0, x1: n - 1, y0: 0, y1: n - 1 },
      1,
    );
    const packed = new PackedExposure(gpu, planes, all, {
      goodBits: ~1,
      level: 0,
      weighting: { type: "ivm" },
      variances: true,
    });
    const texels = gpu.texels("poisson", n * n + 1); // more than a row of them
    const rec = gpu.recorder("pack");
    packed.pack(
      rec,
      "poisson",
      { x0: 0, y0: 0, nx: n, ny: n },
      Int32Array.from({ length: 2 * n }, (_, k) => (k & 1 ? n - 1 : 0)),
      texels,
    );
    rec.submit();
    const got = await readTexels(gpu, texels, n * n);
    const want = packTwin(values, 1, 0, { type: "ivm" }, (p) => {
      const j = Math.floor(p / n);
      return p % n >= all.limits[2 * j] && p % n <= all.limits[2 * j + 1];
    });
    const bad: unknown[] = [];
    for (let p = 0; p < n * n; p++) {
      const pixel = [want.weight[p], want.data[p], want.rnoise[p], want.poisson[p]];
      if (!pixel.every((value, k) => value === got[4 * p + k] || Object.is(value, got[4 * p + k])))
        bad.push([p, halves[p], pixel, got.slice(4 * p, 4 * p + 4)]);
    }
    expect(bad).toEqual([]);
    expect(want.weight.filter((weight) => weight !== 0).length).toBeGreaterThan(60000); // all but NaN, zeros and too small ones
    for (const held of [texels, packed]) held.free();
    release(planes);
  });
});
