import { describe, expect, it } from "vitest";
import type { Gpu } from "../../../src/gpu/index.js";
import { splineCoefficients } from "../../../src/host/numerics/zoom_spline.js";
import { backgroundMesh, boxStatistics } from "../../../src/pipelines/source_catalog/background.js";
import type { BoxImage } from "../../../src/pipelines/source_catalog/background_rows.js";
import { meshCoefficients, meshUniforms } from "../../../src/pipelines/source_catalog/detected_images.js";
import { backgroundMask, backgroundSubtract } from "../../../src/shaders/source_catalog/background.js";
import { testGpu } from "../../helpers/gpu.js";
import {
  boxStatistics as boxTwin,
  clippedStatistics,
  coverageMask,
  meshValue,
} from "../../reference/background.js";
import { normals, uniforms } from "../../reference/random.js";

interface Image {
  data: Float32Array;
  err: Float32Array;
  nx: number;
  ny: number;
}

/** Sky on a slope, noise, some bright pixels; NaN, infinity and bad errors sprinkled in. */
function image(nx: number, ny: number, seed: number, bad = 0.01): Image {
  const [noise, luck, kind] = [
    normals(nx * ny, seed),
    uniforms(nx * ny, seed + 1),
    uniforms(nx * ny, seed + 2),
  ];
  const data = Float32Array.from(noise, (z, i) => {
    const sky = 0.25 + 0.02 * ((i % nx) / nx) - 0.01 * (Math.floor(i / nx) / ny);
    return sky + 0.015 * z + (luck[i] > 0.98 ? 3 * kind[i] : 0);
  });
  const err = new Float32Array(nx * ny).fill(0.015);
  luck.forEach((u, i) => {
    if (u > bad) return;
    if (kind[i] < 0.2) data[i] = NaN;
    else if (kind[i] < 0.3) data[i] = Infinity;
    else if (kind[i] < 0.4) data[i] = -Infinity;
    else err[i] = [NaN, 0, -1, Infinity, -0][Math.floor(kind[i] * 1000) % 5];
  });
  return { data, err, nx, ny };
}

async function upload(gpu: Gpu, { data, err, nx, ny }: Image) {
  const [d, e] = [gpu.upload("data", data), gpu.upload("err", err)];
  const mask = gpu.alloc("mask", 4 * Math.ceil((nx * ny) / 32));
  const groups = [Math.ceil((nx * ny) / 1024)] as const;
  gpu
    .recorder("mask")
    .run(backgroundMask, { params: { count: nx * ny }, data: d, err: e, mask }, groups)
    .submit();
  e.free();
  return { data: d, mask, nx, ny };
}

type Planes = Awaited<ReturnType<typeof upload>>;

/** The image as box statistics take it: all rows at once. */
function rowsOf({ data, mask, nx, ny }: Planes): BoxImage {
  return { nx, ny, mostRows: ny, load: () => ({ data, mask, y0: 0, free: () => undefined }) };
}

/** The same, a few rows at a time. */
function fewRows(gpu: Gpu, { data, err, nx, ny }: Image, mostRows: number): BoxImage {
  const load: BoxImage["load"] = (y0, count) => {
    expect(count).toBeLessThanOrEqual(mostRows);
    const part = (plane: Float32Array): Float32Array => plane.subarray(y0 * nx, (y0 + count) * nx);
    const planes = [gpu.upload("data", part(data)), gpu.upload("err", part(err))];
    const mask = gpu.alloc("mask", 4 * Math.ceil((nx * count) / 32));
    gpu
      .recorder("mask")
      .run(backgroundMask, { params: { count: nx * count }, data: planes[0], err: planes[1], mask }, [
        Math.ceil((nx * count) / 1024),
      ])
      .submit();
    const free = (): void => [...planes, mask].forEach((buffer) => buffer.free());
    return { data: planes[0], mask, y0, free };
  };
  return { nx, ny, mostRows, load };
}

describe("coverage mask", () => {
  it.each([
    [100, 33],
    [1025, 7],
    [5, 1],
  ])("of %i x %i pixels is the twin's, bit by bit", async (nx, ny) => {
    const gpu = await testGpu();
    const picture = image(nx, ny, 5, 0.3);
    picture.err[0] = 1e-42; // positive, though a driver may flush it
    const planes = await upload(gpu, picture);
    const words = await gpu.read(planes.mask, Uint32Array);
    const got = Array.from({ length: nx * ny }, (_, i) => ((words[i >> 5] >>> (i & 31)) & 1) === 1);
    expect(got).toEqual(coverageMask(picture.data, picture.err));
    planes.data.free();
    planes.mask.free();
  });
});

describe("box statistics", () => {
  it.each([
    ["one box", 203, 150, 203, 150],
    ["boxes that do not divide the image", 203, 150, 64, 64],
    ["several batches of small boxes", 130, 400, 5, 7],
    ["wide rows", 1500, 12, 1000, 10],
  ])("%s: medians and counts exact, deviations to f32", async (_name, nx, ny, boxWidth, boxHeight) => {
    const gpu = await testGpu();
    const picture = image(nx, ny, nx);
    const planes = await upload(gpu, picture);
    const got = await boxStatistics(gpu, { image: rowsOf(planes), boxWidth, boxHeight });
    const mask = coverageMask(picture.data, picture.err);
    const expected = boxTwin(picture.data, mask, nx, ny, boxWidth, boxHeight);
    expect(got.length).toBe(expected.length);
    got.forEach((box, i) => {
      expect(box.count).toBe(expected[i].count);
      expect(box.median).toBe(expected[i].median);
      // sums of 1e2 to 1e4 squares in f32, a tree of 256 above runs of some tens: a few 1e-7
      expect(Math.abs(box.std - expected[i].std)).toBeLessThanOrEqual(2e-6 * expected[i].std);
    });
    planes.data.free();
    planes.mask.free();
  });

  it.each([
    ["several rows of boxes at a time", 64, 30, 70],
    ["less than a row of boxes", 64, 64, 20],
    ["eight rows of the whole image", 203, 150, 8],
  ])("%s: the same bits as from the whole image", async (_name, boxWidth, boxHeight, mostRows) => {
    const gpu = await testGpu();
    const picture = image(203, 150, 4);
    const planes = await upload(gpu, picture);
    const whole = await boxStatistics(gpu, { image: rowsOf(planes), boxWidth, boxHeight });
    const before = gpu.memory.used;
    const parts = await boxStatistics(gpu, { image: fewRows(gpu, picture, mostRows), boxWidth, boxHeight });
    expect(parts).toEqual(whole);
    expect(gpu.memory.used).toBe(before);
    planes.data.free();
    planes.mask.free();
  });

  it("survive skies of 0, of 10^5 sigma, ties and constants", async () => {
    const gpu = await testGpu();
    const noise = normals(4000, 77);
    const makers: ((z: number, i: number) => number)[] = [
      (z) => 1e-3 * z,
      (z) => 100 + 1e-3 * z,
      (z, i) => (i % 3 ? 0 : z),
      () => -0.7,
      (z) => Math.exp(2 * z),
    ];
    for (const make of makers) {
      const data = Float32Array.from(noise, make);
      const planes = await upload(gpu, { data, err: new Float32Array(4000).fill(1), nx: 80, ny: 50 });
      const [got] = await boxStatistics(gpu, { image: rowsOf(planes), boxWidth: 80, boxHeight: 50 });
      const expected = clippedStatistics(data);
      expect(got.count).toBe(expected.count);
      expect(got.median).toBe(expected.median);
      // pixels of 100 are 7.6e-6 apart: what is squared is exact, its sum in f32 good to some 1e-7
      expect(Math.abs(got.std - expected.std)).toBeLessThanOrEqual(2e-6 * expected.std + 1e-30);
      planes.data.free();
      planes.mask.free();
    }
  });
});

describe("background mesh", () => {
  it("drops boxes with less than 90 percent left, and takes the whole image where none is good", async () => {
    const gpu = await testGpu();
    const picture = image(120, 90, 3, 0);
    for (let i = 0; i < picture.data.length; i++) if (i % 120 < 40 && i % 3) picture.data[i] = NaN;
    let planes = await upload(gpu, picture);
    const mesh = await backgroundMesh(gpu, rowsOf(planes), 30);
    expect([mesh?.nx, mesh?.ny, mesh?.box]).toEqual([4, 3, [30, 30]]);
    expect(mesh?.background.every(Number.isFinite)).toBe(true);
    planes.data.free();
    planes.mask.free();

    for (let i = 0; i < picture.data.length; i++) if (i % 3) picture.data[i] = NaN;
    planes = await upload(gpu, picture);
    const whole = await backgroundMesh(gpu, rowsOf(planes), 30);
    const expected = clippedStatistics(picture.data.filter((x) => !Number.isNaN(x)));
    expect([whole?.nx, whole?.ny, whole?.box]).toEqual([1, 1, [90, 120]]);
    expect(whole?.background[0]).toBe(Math.fround(expected.median));
    planes.data.free();
    planes.mask.free();

    planes = await upload(gpu, { ...picture, err: new Float32Array(120 * 90) });
    expect(await backgroundMesh(gpu, rowsOf(planes), 30)).toBeUndefined();
    planes.data.free();
    planes.mask.free();
  });
});

describe("subtraction", () => {
  it.each([
    [5, 4],
    [1, 1],
    [2, 1],
    [1, 3],
  ])("evaluates the spline of a mesh of %i x %i", async (meshNx, meshNy) => {
    const gpu = await testGpu();
    const [nx, ny, boxWidth, boxHeight] = [meshNx * 37 - 5, meshNy * 29 - 11, 37, 29];
    const picture = image(nx, ny, 11);
    const planes = await upload(gpu, picture);
    const background = Float32Array.from(normals(meshNx * meshNy, 4), (z) => 0.25 + 0.01 * z);
    const mesh = { nx: meshNx, ny: meshNy, box: [boxHeight, boxWidth] as const, background, rms: background };
    const spline = gpu.upload("spline", meshCoefficients(mesh));
    const out = gpu.alloc("out", 4 * nx * ny);
    gpu
      .recorder("subtract")
      .run(
        backgroundSubtract,
        {
          params: { ...meshUniforms(mesh), nx, x0: 0, y0: 0 },
          ...{ data: planes.data, mask: planes.mask },
          mesh: spline,
          subtracted: out,
        },
        [Math.ceil(nx / 1024), ny],
      )
      .submit();
    const got = await gpu.read(out, Float32Array, 0, nx * ny);
    const coefficients = splineCoefficients(background, meshNx, meshNy);
    const [low, high] = [Math.min(...background), Math.max(...background)];
    const mask = coverageMask(picture.data, picture.err);
    const wrong = picture.data.filter((value, i) => {
      if (mask[i]) return !Object.is(got[i], value);
      const exact = meshValue(
        coefficients,
        [meshNx, meshNy],
        [boxWidth, boxHeight],
        i % nx,
        Math.floor(i / nx),
      );
      const expected = value - Math.min(high, Math.max(low, exact));
      // half an ulp of 0.27 for the background, the same for the data, weights of the spline to 1e-7 of its 0.03 range
      return !(Math.abs(got[i] - expected) < 6e-8 + 2.4e-7 * Math.abs(expected));
    });
    expect(wrong.length).toBe(0);
    for (const buffer of [planes.data, planes.mask, spline, out]) buffer.free();
  });
});
