import { describe, expect, it } from "vitest";
import { deblendSegments } from "../../../src/pipelines/source_catalog/deblend.js";
import { type Scene, deblendScenes } from "../../helpers/deblend_scenes.js";
import { testGpu } from "../../helpers/gpu.js";

const scenes = deblendScenes();

async function deblended(scene: Scene): Promise<{ labels: Uint32Array; count: number }> {
  const { nx, ny, nLabels, npixels, contrast } = scene;
  const gpu = await testGpu();
  const detection = gpu.upload("detection", scene.data);
  const segmentation = gpu.upload("segmentation", scene.found);
  const segments = { nx, ny, detection, segmentation, nLabels };
  const count = await deblendSegments(gpu, segments, npixels, contrast);
  const labels = await gpu.read(segmentation, Uint32Array, 0, nx * ny);
  detection.free();
  segmentation.free();
  return { labels, count };
}

describe("deblending", () => {
  it.each(scenes.map((scene) => [scene.name, scene] as const))("%s: photutils' labels", async (_, scene) => {
    const { labels, count } = await deblended(scene);
    expect(count).toBe(scene.nDeblended);
    const differing = labels.reduce((sum, label, i) => sum + Number(label !== scene.result[i]), 0);
    expect(differing).toBe(0);
  });

  it("gives the same labels again", async () => {
    const [scene] = scenes;
    expect(await deblended(scene)).toEqual(await deblended(scene));
  });

  it("leaves sources alone that are too small to be two", async () => {
    const [scene] = scenes;
    const { labels, count } = await deblended({ ...scene, npixels: 5000 });
    expect(count).toBe(scene.nLabels);
    expect(labels).toEqual(scene.found);
  });

  it("separates two blobs at the saddle, and not where the second is too faint", async () => {
    const [nx, ny] = [40, 17];
    const blob = (bright: number): Scene => {
      const data = Float32Array.from({ length: nx * ny }, (_, i) => {
        const [x, y] = [i % nx, Math.floor(i / nx)];
        const at = (cx: number): number => Math.exp(-((x - cx) ** 2 + (y - 8) ** 2) / 18);
        return 100 * at(12) + bright * at(26);
      });
      const found = Uint32Array.from(data, (value) => Number(value > 0.5));
      return {
        name: "",
        nx,
        ny,
        npixels: 5,
        contrast: 0.1,
        nLabels: 1,
        nDeblended: 0,
        data,
        found,
        result: found,
      };
    };
    const { labels, count } = await deblended(blob(100));
    expect(count).toBe(2);
    expect([labels[8 * nx + 12], labels[8 * nx + 18], labels[8 * nx + 20], labels[8 * nx + 26]]).toEqual([
      1, 1, 2, 2,
    ]);
    expect((await deblended(blob(8))).count).toBe(1);
  });
});
