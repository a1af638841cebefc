import { expect, it } from "vitest";
import type { Gpu } from "../../../src/gpu/index.js";
import { measureAnnulus, measureApertures } from "../../../src/pipelines/source_catalog/measure_apertures.js";
import {
  measureFluxRadius,
  measureKron,
  measureWindowed,
} from "../../../src/pipelines/source_catalog/measure_kron.js";
import { measureSegments } from "../../../src/pipelines/source_catalog/measure_segments.js";
import { boxesOf } from "../../../src/pipelines/source_catalog/label.js";
import { testGpu } from "../../helpers/gpu.js";
import { expectRelative } from "../../reference/measure_close.js";
import { makeScene, uploadScene } from "../../reference/measure_scene.js";

const scene = makeScene(4);

/** All columns of what has a workgroup for each source. */
async function measured(gpu: Gpu): Promise<Record<string, Float64Array>> {
  const images = uploadScene(gpu, scene);
  const segments = await measureSegments(gpu, images, boxesOf(scene.segmentation, scene.nx, scene.nLabels));
  const { x, y, flux, fluxError } = segments;
  const circles = await measureApertures(gpu, images, x, y, [0.7, 9]);
  const { background, backgroundError } = await measureAnnulus(gpu, images, x, y, [12, 19]);
  const kron = await measureKron(gpu, images, segments);
  const halfLight = await measureFluxRadius(gpu, images, segments, kron, 0.5);
  const windowed = await measureWindowed(gpu, images, segments, halfLight);
  return {
    ...{ x, y, flux, fluxError, background, backgroundError, halfLight },
    ...{ small: circles.flux[0], large: circles.flux[1], largeError: circles.fluxError[1] },
    ...{ kronRadius: kron.radius, kronFlux: kron.flux, windowedX: windowed.x, windowedY: windowed.y },
  };
}

it("sources measured by a GPU's 32 threads are as those measured by a software driver's 8", async () => {
  const gpu = await testGpu();
  const { info } = gpu;
  const few = await measured(gpu);
  Object.defineProperty(gpu, "info", { value: { ...info, kind: "hardware" }, configurable: true });
  try {
    const many = await measured(gpu);
    for (const [name, column] of Object.entries(few))
      // sums keep their rounding: only the last bit of a result may differ, and radii and centroids end within 1e-5 pixel
      column.forEach((value, i) => expectRelative(many[name][i], value, 1e-5, `${name} of ${i}`));
    expect(few.x.length).toBeGreaterThan(5);
  } finally {
    Object.defineProperty(gpu, "info", { value: info, configurable: true });
  }
});
