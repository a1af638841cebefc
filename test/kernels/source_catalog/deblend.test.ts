import { describe, expect, it } from "vitest";
import { deblendSegments } from "../../../src/pipelines/source_catalog/deblend.js";
import { boxesOf } from "../../../src/pipelines/source_catalog/label.js";
import { type Scene, deblendScenes } from "../../helpers/deblend_scenes.js";

const scenes = deblendScenes();

function deblended(scene: Scene): { labels: Uint32Array; count: number } {
  const { nx, npixels, contrast, nLabels, data } = scene;
  const labels = scene.found.slice();
  const segments = { nx, detection: data, labels, nLabels, boxes: boxesOf(labels, nx, nLabels) };
  const separated = deblendSegments(segments, npixels, contrast);
  expect(separated.boxes).toEqual(boxesOf(labels, nx, separated.nLabels));
  return { labels, count: separated.nLabels };
}

describe("deblending", () => {
  it.each(scenes.map((scene) => [scene.name, scene] as const))("%s: photutils' labels", (_, scene) => {
    const { labels, count } = deblended(scene);
    expect(count).toBe(scene.nDeblended);
    const differing = labels.reduce((sum, label, i) => sum + Number(label !== scene.result[i]), 0);
    expect(differing).toBe(0);
  });

  it("gives the same labels again", () => {
    const [scene] = scenes;
    expect(deblended(scene)).toEqual(deblended(scene));
  });

  it("leaves sources alone that are too small to be two", () => {
    const [scene] = scenes;
    const { labels, count } = deblended({ ...scene, npixels: 5000 });
    expect(count).toBe(scene.nLabels);
    expect(labels).toEqual(scene.found);
  });

  it("separates two blobs at the saddle, and not where the second is too faint", () => {
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
    const { labels, count } = deblended(blob(100));
    expect(count).toBe(2);
    expect([labels[8 * nx + 12], labels[8 * nx + 18], labels[8 * nx + 20], labels[8 * nx + 26]]).toEqual([
      1, 1, 2, 2,
    ]);
    expect(deblended(blob(8)).count).toBe(1);
  });
});
