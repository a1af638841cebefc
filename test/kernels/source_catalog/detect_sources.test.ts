import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/host/errors.js";
import { gaussianTaps } from "../../../src/host/numerics/gaussian_kernel.js";
import { detectSources } from "../../../src/pipelines/source_catalog/detection.js";
import type { DetectOptions } from "../../../src/pipelines/source_catalog/types.js";
import { testGpu } from "../../helpers/gpu.js";
import { boxStatistics, coverageMask } from "../../reference/background.js";
import { convolveMasked } from "../../reference/convolve.js";
import { labelComponents } from "../../reference/label.js";
import { normals, uniforms } from "../../reference/random.js";

const log = { info: () => undefined, warn: () => undefined };
const DEFAULTS: DetectOptions = { bkg_boxsize: 1000, kernel_fwhm: 2, snr_threshold: 3, npixels: 25 };
const SIGMA = 0.015;

/** Round sources on noise; NaN holes, one of them under a source, and pixels without error. */
function scene(nx: number, ny: number, seed: number) {
  const places = uniforms(60, seed);
  const data = Float32Array.from(normals(nx * ny, seed + 1), (z) => 0.25 + SIGMA * z);
  for (let s = 0; s < 20; s++) {
    const [cx, cy, flux] = [places[3 * s] * nx, places[3 * s + 1] * ny, 0.3 + 2 * places[3 * s + 2]];
    for (let i = 0; i < nx * ny; i++)
      data[i] += flux * Math.exp(-(((i % nx) - cx) ** 2 + (Math.floor(i / nx) - cy) ** 2) / 12);
  }
  const err = new Float32Array(nx * ny).fill(SIGMA);
  for (let y = 10; y < 24; y++) for (let x = 30; x < 44; x++) data[y * nx + x] = NaN;
  uniforms(nx * ny, seed + 2).forEach((u, i) => {
    if (u < 0.01) err[i] = u < 0.005 ? 0 : NaN;
  });
  return { data, err, nx, ny };
}

/** With `maxRows` from planes on the host, so many rows at a time. */
async function detect(
  picture: ReturnType<typeof scene>,
  options: Partial<DetectOptions> = {},
  maxRows?: number,
) {
  const gpu = await testGpu();
  const { nx, ny } = picture;
  const onDevice = [gpu.upload("data", picture.data), gpu.upload("err", picture.err)];
  const [data, err] = maxRows ? [picture.data, picture.err] : onDevice;
  const before = gpu.memory.used;
  const found = await detectSources(
    { gpu, log },
    { data, err, nx, ny, maxRows },
    { ...DEFAULTS, ...options },
  );
  const { labels: segmentation, detectionImage: detection } = await found.images.products();
  let data_: Float32Array | undefined;
  if (found.nLabels && !maxRows) {
    const whole = await found.images.load({ x0: 0, y0: 0, nx, ny });
    data_ = await gpu.read(whole.data, Float32Array, 0, nx * ny);
    whole.free();
  }
  found.images.free();
  expect(gpu.memory.used).toBe(before);
  for (const plane of onDevice) plane.free();
  const { nLabels, boxes, background, emptyReason } = found;
  return { nLabels, boxes, background, emptyReason, data: data_, detection: detection!, segmentation };
}

function sameBits(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytes(a).equals(bytes(b));
}

describe("detectSources", () => {
  it.each([
    ["default options", {}],
    ["a kernel that reaches beyond most tiles", { kernel_fwhm: 11, snr_threshold: 1 }],
    ["one tap", { kernel_fwhm: 0.3, npixels: 4 }],
  ])("%s: detection image and labels are the twins'", async (_name, options) => {
    const picture = scene(211, 187, 21);
    const { nx, ny } = picture;
    const { kernel_fwhm, snr_threshold, npixels } = { ...DEFAULTS, ...options };
    const got = await detect(picture, options);
    const mask = coverageMask(picture.data, picture.err);
    const [{ median, std }] = boxStatistics(picture.data, mask, nx, ny, nx, ny);
    const subtracted = picture.data.map((x, i) => (mask[i] ? x : x - Math.fround(median)));
    const expected = convolveMasked(subtracted, mask, nx, ny, gaussianTaps(kernel_fwhm));
    // f32 sums of (2 radius + 1) products twice, and of their weights: a few 1e-7 of the largest values around
    const far = expected.filter((value, i) =>
      Number.isNaN(value)
        ? !Number.isNaN(got.detection[i])
        : !(Math.abs(got.detection[i] - value) < 1e-6 * (1 + Math.abs(value)) + 1e-7),
    );
    expect(far.length).toBe(0);
    // no pixel is so near the threshold that arithmetic decides: then labels must be equal
    const near = (value: number, i: number): boolean =>
      !mask[i] && Math.abs(value - snr_threshold * std) < 1e-7;
    expect(expected.some(near)).toBe(false);
    const isSource = Array.from(expected, (value, i) => !mask[i] && value > snr_threshold * std);
    const { labels, count } = labelComponents(isSource, nx, ny, npixels);
    expect(count).toBeGreaterThan(3);
    expect(got.nLabels).toBe(count);
    expect(sameBits(got.segmentation, labels)).toBe(true);
    expect(got.emptyReason).toBeUndefined();
  });

  it("gives the same bits twice, with a mesh of many boxes", async () => {
    const picture = scene(211, 187, 5);
    const [first, second] = [
      await detect(picture, { bkg_boxsize: 40 }),
      await detect(picture, { bkg_boxsize: 40 }),
    ];
    expect(first.background.nx).toBe(6);
    expect(first.background).toEqual(second.background);
    for (const plane of ["data", "detection", "segmentation"] as const)
      expect(sameBits(first[plane]!, second[plane]!)).toBe(true);
  });

  it.each([
    ["columns in fours", 212, {}],
    ["columns that are not", 211, {}],
    ["many boxes, deblended", 212, { bkg_boxsize: 40, deblend: true, npixels: 5 }],
    ["a kernel wider than margins", 211, { kernel_fwhm: 11, snr_threshold: 1 }],
  ])("in bands, %s: the same bits as whole", async (_name, nx, options) => {
    const picture = scene(nx, 187, 5);
    const whole = await detect(picture, options);
    expect(whole.nLabels).toBeGreaterThan(3);
    for (const maxRows of [187, 100, 41]) {
      const banded = await detect(picture, options, maxRows);
      expect(banded.nLabels).toBe(whole.nLabels);
      expect(banded.background).toEqual(whole.background);
      for (const plane of ["boxes", "detection", "segmentation"] as const)
        expect(sameBits(banded[plane], whole[plane]), `${plane}, ${maxRows} rows`).toBe(true);
    }
  });

  it("says why there is nothing: no sources, or all pixels masked", async () => {
    const picture = scene(90, 70, 8);
    const none = await detect(picture, { snr_threshold: 1e6 });
    expect([none.nLabels, none.emptyReason]).toEqual([0, "No sources were detected."]);
    expect(none.segmentation.every((label) => label === 0)).toBe(true);
    picture.err.fill(NaN);
    const masked = await detect(picture);
    expect([masked.nLabels, masked.emptyReason]).toEqual([0, "All pixels are masked."]);
    expect(masked.segmentation.every((label) => label === 0)).toBe(true);
  });

  it("names the option that is out of range", async () => {
    const picture = scene(40, 40, 9);
    const wrong: [keyof DetectOptions, number][] = [
      ["bkg_boxsize", 0],
      ["bkg_boxsize", 2.5],
      ["kernel_fwhm", -1],
      ["kernel_fwhm", 100],
      ["snr_threshold", NaN],
      ["npixels", 0],
    ];
    const gpu = await testGpu();
    const data = gpu.upload("data", picture.data);
    for (const [name, value] of wrong) {
      const attempt = detectSources(
        { gpu, log },
        { data, err: data, nx: 40, ny: 40 },
        { ...DEFAULTS, [name]: value },
      );
      await expect(attempt).rejects.toThrow(UserError);
      await expect(attempt).rejects.toThrow(`source_catalog.${name}`);
    }
    data.free();
  });
});
