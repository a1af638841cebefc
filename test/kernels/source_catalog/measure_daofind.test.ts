import { describe, expect, it } from "vitest";
import { daofindKernel, measureDaofind } from "../../../src/pipelines/source_catalog/measure_daofind.js";
import { testGpu } from "../../helpers/gpu.js";
import { expectWithin } from "../../reference/measure_close.js";
import { makeScene, uploadScene } from "../../reference/measure_scene.js";
import type { Scene } from "../../reference/measure.js";

/** romancal's arithmetic on whole arrays: cutouts of the data and of the convolved data. */
function twin(scene: Scene, x: number, y: number, fwhm: number) {
  const { size, weights, inside } = daofindKernel(fwhm);
  const reach = (size - 1) / 2;
  const pixel = (px: number, py: number): number =>
    px < 0 || py < 0 || px >= scene.nx || py >= scene.ny ? 0 : scene.data[py * scene.nx + px];
  const convolved = (px: number, py: number): number => {
    if (px < 0 || py < 0 || px >= scene.nx || py >= scene.ny) return 0;
    let sum = 0;
    weights.forEach((w, k) => {
      if (w !== 0) sum += w * pixel(px + (k % size) - reach, py + Math.floor(k / size) - reach);
    });
    return sum;
  };
  const cx = Math.ceil(x - size / 2) + reach;
  const cy = Math.ceil(y - size / 2) + reach;
  const [peak, top] = [pixel(cx, cy), convolved(cx, cy)];
  let [sum, sum2, sum4] = [0, 0, 0];
  for (let j = -reach; j <= reach; j++) {
    for (let i = -reach; i <= reach; i++) {
      sum += inside[(j + reach) * size + i + reach] * pixel(cx + i, cy + j);
      if (i === 0 && j === 0) continue;
      const c = convolved(cx + i, cy + j);
      const quadrant = i > 0 && j <= 0 ? -1 : i <= 0 && j < 0 ? 1 : i < 0 && j >= 0 ? -1 : 1;
      sum2 += quadrant * c;
      sum4 += Math.abs(c);
    }
  }
  const pixels = inside.reduce((a, b) => a + b, 0) - 1;
  return { sharpness: (peak - (sum - peak) / pixels) / top, roundness1: (2 * sum2) / sum4 };
}

describe.each([2, 3.5, 6])("DAOFIND statistics, kernel of %f pixels", (fwhm) => {
  it("are the twin's", async () => {
    const gpu = await testGpu();
    const scene = makeScene(6);
    const x = [30.2, 0.1, scene.nx - 1, 64.5, 64.49, 12, NaN, 1.5];
    const y = [40.7, 50, scene.ny - 0.6, 48.5, 48.51, 3.2, 3, 0];
    // about the first source nothing but a NaN that only the weightless corner of a kernel of 5 x 5 reaches
    for (let dy = -7; dy <= 7; dy++) {
      for (let dx = -7; dx <= 7; dx++)
        scene.data[(41 + dy) * scene.nx + 30 + dx] = Math.fround(Math.cos(dx + 2 * dy));
    }
    scene.data[44 * scene.nx + 34] = NaN;
    const found = await measureDaofind(gpu, uploadScene(gpu, scene), x, y, fwhm);
    if (fwhm === 2) expect(found.roundness1[0]).not.toBeNaN();
    x.forEach((at, i) => {
      const expected = Number.isNaN(at) ? { sharpness: NaN, roundness1: NaN } : twin(scene, at, y[i], fwhm);
      // f32 sums of some dozen terms; sharpness divides by a convolved value that may be small against them
      expectWithin(found.sharpness[i], expected.sharpness, 2e-5 * (1 + Math.abs(expected.sharpness)), `${i}`);
      expectWithin(found.roundness1[i], expected.roundness1, 1e-5, `${i}`);
    });
  });

  it("has a kernel that sums to zero within its circle", () => {
    const { weights, inside, size } = daofindKernel(fwhm);
    expect(size % 2).toBe(1);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 14);
    weights.forEach((w, i) => inside[i] || expect(Math.abs(w)).toBe(0));
  });
});
