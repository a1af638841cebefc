import { describe, expect, it } from "vitest";
import { gaussianTaps } from "../../../src/host/numerics/gaussian_kernel.js";
import { splineCoefficients } from "../../../src/host/numerics/zoom_spline.js";
import { meshCoefficients, meshUniforms } from "../../../src/pipelines/source_catalog/detected_images.js";
import {
  recordConvolution,
  recordSubtraction,
} from "../../../src/pipelines/source_catalog/detection_image.js";
import { backgroundMask } from "../../../src/shaders/source_catalog/background.js";
import { testGpu } from "../../helpers/gpu.js";
import { coverageMask, meshValue } from "../../reference/background.js";
import { convolveMasked } from "../../reference/convolve.js";
import { normals, uniforms } from "../../reference/random.js";

const SNR = 2;

/** Noise with masked pixels: NaN, bad errors, a whole block, and a row's ends. */
function picture(nx: number, ny: number, seed: number) {
  const data = Float32Array.from(normals(nx * ny, seed), (z) => 0.25 + 0.015 * z);
  const err = new Float32Array(nx * ny).fill(1);
  uniforms(nx * ny, seed + 1).forEach((u, i) => {
    if (u < 0.02) data[i] = NaN;
    else if (u < 0.04) err[i] = 0;
    if (Math.abs((i % nx) - 30) < 9 && Math.abs(Math.floor(i / nx) - 20) < 9) data[i] = Infinity;
  });
  data[0] = data[nx - 1] = NaN;
  return { data, err };
}

async function detectionImage(nx: number, ny: number, boxes: [number, number], fwhm: number) {
  const gpu = await testGpu();
  const { data, err } = picture(nx, ny, nx);
  const [boxWidth, boxHeight] = boxes;
  const [meshNx, meshNy] = [Math.ceil(nx / boxWidth), Math.ceil(ny / boxHeight)];
  const values = (seed: number, value: number): Float32Array =>
    Float32Array.from(normals(meshNx * meshNy, seed), (z) => value * (1 + 0.05 * z));
  const [background, rms] = [values(3, 0.25), values(4, 0.01)];
  const mesh = { nx: meshNx, ny: meshNy, box: [boxHeight, boxWidth] as const, background, rms };
  const words = gpu.alloc("mask", 4 * Math.ceil((nx * ny) / 32));
  const planes = [gpu.upload("data", data), gpu.upload("err", err)];
  const made = ["subtracted", "detection", "labels"].map((name) => gpu.alloc(name, 4 * nx * ny));
  const [subtracted, detection, labels] = made;
  const seeds = gpu.alloc("seeds", 4 * Math.ceil((nx * ny) / 32));
  const onDevice = {
    params: meshUniforms(mesh),
    mesh: gpu.upload("mesh", meshCoefficients(mesh)),
    quads: nx % 4 === 0,
  };
  const part = { x0: 0, y0: 0, nx, ny };
  const rec = gpu
    .recorder("detection image")
    .run(backgroundMask, { params: { count: nx * ny }, data: planes[0], err: planes[1], mask: words }, [
      Math.ceil((nx * ny) / 1024),
    ]);
  const scratch = [
    ...recordSubtraction(gpu, rec, part, onDevice, { data: planes[0], mask: words, subtracted }),
    ...recordConvolution(
      gpu,
      rec,
      part,
      onDevice,
      { data: subtracted, mask: words, detection, labels, seeds },
      { fwhm, snr: SNR },
    ),
  ];
  rec.submit();
  const got = {
    subtracted: await gpu.read(subtracted, Float32Array, 0, nx * ny),
    detection: await gpu.read(detection, Float32Array, 0, nx * ny),
    labels: await gpu.read(labels, Uint32Array, 0, nx * ny),
    seeds: await gpu.read(seeds, Uint32Array, 0, Math.ceil((nx * ny) / 32)),
  };
  for (const buffer of [words, seeds, ...planes, ...made, ...scratch, onDevice.mesh]) buffer.free();
  const mask = coverageMask(data, err);
  const splines = [background, rms].map((plane) => splineCoefficients(plane, meshNx, meshNy));
  const ranges = [background, rms].map((plane) => [Math.min(...plane), Math.max(...plane)]);
  const at = (which: number, i: number): number => {
    const [least, most] = ranges[which];
    const exact = meshValue(
      splines[which],
      [meshNx, meshNy],
      [boxWidth, boxHeight],
      i % nx,
      Math.floor(i / nx),
    );
    return Math.min(most, Math.max(least, exact));
  };
  return { data, mask, got, background: (i: number) => at(0, i), rms: (i: number) => at(1, i) };
}

describe("detection image, four pixels at a time and one by one", () => {
  it.each([
    [212, 187, [50, 37], 2], // four at a time
    [212, 45, [37, 29], 2.9], // nine taps
    [260, 70, [4, 5], 0.3], // one tap, the least box
    [4, 9, [4, 9], 1], // a single quad
    [24, 40, [3, 7], 2], // boxes too small for four at a time
    [211, 64, [50, 37], 2], // rows that are no multiple of four
    [212, 64, [50, 37], 5], // taps beyond four
  ] as const)("%i x %i, boxes of %j, fwhm %d: is the twins'", async (nx, ny, boxes, fwhm) => {
    const { data, mask, got, background, rms } = await detectionImage(nx, ny, [...boxes], fwhm);
    const bad = data.filter((value, i) => {
      if (mask[i]) return !Object.is(got.subtracted[i], value);
      const expected = value - background(i);
      // half an ulp of 0.27 for background and difference, weights of the spline to 1e-7 of its range of some 0.05
      return !(Math.abs(got.subtracted[i] - expected) < 6e-8 + 2.4e-7 * Math.abs(expected));
    });
    expect(bad.length).toBe(0);
    const smooth = convolveMasked(got.subtracted, mask, nx, ny, gaussianTaps(fwhm));
    const far = smooth.filter((value, i) =>
      Number.isNaN(value)
        ? !Number.isNaN(got.detection[i])
        : // f32 sums of up to 19 products twice, and of their weights: a few 1e-7 of values up to 0.1
          !(Math.abs(got.detection[i] - value) < 1e-6 * Math.abs(value) + 5e-8),
    );
    expect(far.length).toBe(0);
    const isSeed = (i: number): boolean => ((got.seeds[i >> 5] >>> (i & 31)) & 1) === 1;
    const wrong = got.labels.filter((label, i) => {
      if (label !== (isSeed(i) ? i : 0)) return true;
      const above = got.detection[i] - SNR * rms(i);
      if (Math.abs(above) < 1e-8) return false; // arithmetic decides
      return isSeed(i) !== (!mask[i] && above > 0);
    });
    expect(wrong.length).toBe(0);
  });

  it("gives the same bits twice", async () => {
    const once = await detectionImage(212, 187, [50, 37], 2);
    expect((await detectionImage(212, 187, [50, 37], 2)).got).toEqual(once.got);
  });
});
