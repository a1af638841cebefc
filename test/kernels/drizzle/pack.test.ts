import { describe, expect, it } from "vitest";
import { ExposureGeometry, packExposure, type Weighting } from "../../../src/pipelines/drizzle.js";
import { packTwin } from "../../reference/drizzle_pack.js";
import { testGpu } from "../../helpers/gpu.js";
import { makeMap, makePlanes, release, upload } from "./scene.js";

const NX = 67; // no multiple of the workgroup
const NY = 33;
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
    const packed = packExposure(gpu, rec, planes, geometry, options);
    rec.submit();
    const input = await gpu.read(packed.input, Float32Array, 0, 2 * NX * NY);
    const errors = await gpu.read(packed.errors!, Float32Array, 0, 2 * NX * NY);
    const flat = await gpu.read(packed.flatErrors!, Float32Array, 0, 2 * NX * NY);
    const { limits } = geometry;
    const want = packTwin(values, 1, 0.37, weighting, (p) => {
      const j = Math.floor(p / NX);
      return p % NX >= limits[2 * j] && p % NX <= limits[2 * j + 1];
    });
    // + - * / sqrt are correctly rounded on software drivers, within 3 units elsewhere; halves are exact everywhere
    const near = (got: number, expected: number): boolean =>
      Object.is(got, expected) || got === expected || Math.abs(got - expected) <= 4e-7 * Math.abs(expected);
    const bad = want.weight.flatMap((weight, p) => {
      const pairs: [number, number][] = [
        [input[2 * p], weight],
        [input[2 * p + 1], want.data[p]],
        [errors[2 * p], want.rnoise[p]],
        [errors[2 * p + 1], want.poisson[p]],
        [flat[2 * p], want.rnoise[p]],
        [flat[2 * p + 1], want.flat[p]],
      ];
      return pairs.every(([got, expected]) => near(got, expected)) ? [] : [{ p, pairs }];
    });
    expect(bad).toEqual([]);
    expect(want.weight.filter((weight) => weight > 0).length).toBeGreaterThan(500);
    packed.free();
    release(planes);
  });
});
