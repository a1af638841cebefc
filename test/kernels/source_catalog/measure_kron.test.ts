import { beforeAll, describe, expect, it } from "vitest";
import { boxesOf } from "../../../src/pipelines/source_catalog/label.js";
import {
  type KronMeasures,
  measureFluxRadius,
  measureKron,
  measureWindowed,
} from "../../../src/pipelines/source_catalog/measure_kron.js";
import {
  measureSegments,
  type SegmentMeasures,
} from "../../../src/pipelines/source_catalog/measure_segments.js";
import { testGpu } from "../../helpers/gpu.js";
import { ellipseFluxTwin, growthTwin, kronRadiusTwin, windowedTwin } from "../../reference/measure.js";
import { expectRelative, expectWithin } from "../../reference/measure_close.js";
import { makeScene, uploadScene } from "../../reference/measure_scene.js";

const FWHM_TO_SIGMA = 1 / (2 * Math.sqrt(2 * Math.LN2));

describe.each([4, 5])("Kron apertures and windows of scene %i", (seed) => {
  const scene = makeScene(seed);
  let segments: SegmentMeasures;
  let kron: KronMeasures;
  let half: Float64Array;
  let windowed: { x: Float64Array; y: Float64Array };
  beforeAll(async () => {
    const gpu = await testGpu();
    const images = uploadScene(gpu, scene);
    segments = await measureSegments(gpu, images, boxesOf(scene.segmentation, scene.nx, scene.nLabels));
    kron = await measureKron(gpu, images, segments);
    half = await measureFluxRadius(gpu, images, segments, kron, 0.5);
    windowed = await measureWindowed(gpu, images, segments, half);
    expect(await measureKron(gpu, images, segments)).toEqual(kron);
    expect(await measureFluxRadius(gpu, images, segments, kron, 0.5)).toEqual(half);
  });
  const at = (i: number) => ({ x: segments.x[i], y: segments.y[i] });
  const each = (check: (i: number) => void): void => {
    for (let i = 0; i < scene.nLabels; i++) check(i);
  };

  it("radius", () => {
    each((i) => {
      const twin = kronRadiusTwin(scene, i + 1, at(i), segments.shapes[i], 6);
      let expected = twin.first / twin.flux;
      if (twin.first <= 0 || twin.flux <= 0) expected = 1.4;
      else if (expected > 6) expected = NaN;
      else expected = Math.max(expected, 1.4);
      if (!Number.isFinite(segments.x[i]) || !(segments.area[i] > 0)) expected = NaN;
      // f32 terms of both sums: 1e-6 where they do not cancel, and here they are at least a tenth of their parts
      expectRelative(kron.radius[i], expected, 1e-5, `source ${i + 1}`);
    });
    expect(kron.radius.some((r) => r > 1.4)).toBe(true);
    expect(kron.radius.some(Number.isNaN)).toBe(true);
  });

  it("flux and error", () => {
    each((i) => {
      const { semimajor, semiminor, orientation } = segments.shapes[i];
      const scale = 2.5 * kron.radius[i];
      const twin = Number.isFinite(scale)
        ? ellipseFluxTwin(scene, i + 1, at(i), {
            a: semimajor * scale,
            b: semiminor * scale,
            theta: (orientation * Math.PI) / 180,
          })
        : { flux: NaN, fluxError: NaN };
      // overlaps good to 5e-6 pixel over some hundred boundary pixels of at most 250
      expectWithin(kron.flux[i], twin.flux, 5e-3 * Math.max(twin.fluxError, 1), `flux ${i + 1}`);
      expectRelative(kron.fluxError[i], twin.fluxError, 1e-5, `error ${i + 1}`);
    });
  });

  it("half-light radius holds half of the Kron flux", () => {
    each((i) => {
      if (!Number.isFinite(half[i])) return;
      const { flux } = { flux: growthTwin(scene, i + 1, at(i), half[i]) };
      // the search ends within 1e-6 pixel, over which the flux changes by less than 1e-5 of it
      expectRelative(flux, kron.flux[i] / 2, 2e-5, `source ${i + 1}`);
    });
    expect(half.filter(Number.isFinite).length).toBeGreaterThan(scene.nLabels / 2);
  });

  it("windowed centroid", () => {
    let moved = 0;
    each((i) => {
      if (!Number.isFinite(half[i])) return void expect(windowed.x[i]).toBeNaN();
      const sigma = 2 * Math.max(half[i], 0.5) * FWHM_TO_SIGMA;
      const twin = windowedTwin(scene, i + 1, at(i), sigma);
      if (windowed.x[i] === segments.x[i] && windowed.y[i] === segments.y[i]) return; // fell back
      // a single pixel's window wanders through noise, where every last bit counts
      if (!(Math.hypot(twin.x - segments.x[i], twin.y - segments.y[i]) < 2)) return;
      moved++;
      // the iteration stops at steps below 1e-4; a bit of rounding may add or save the last step
      expectWithin(windowed.x[i], twin.x, 3e-4, `x ${i + 1}`);
      expectWithin(windowed.y[i], twin.y, 3e-4, `y ${i + 1}`);
    });
    expect(moved).toBeGreaterThan(6);
  });
});
