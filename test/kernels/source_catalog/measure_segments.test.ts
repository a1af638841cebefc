import { beforeAll, describe, expect, it } from "vitest";
import {
  measureSegments,
  type SegmentMeasures,
} from "../../../src/pipelines/source_catalog/measure_segments.js";
import { boundingBoxes, boxesOf } from "../../../src/pipelines/source_catalog/label.js";
import { regularize, shapeOf } from "../../../src/pipelines/source_catalog/measure_shapes.js";
import { testGpu } from "../../helpers/gpu.js";
import { segmentTwin } from "../../reference/measure.js";
import { expectRelative, expectWithin } from "../../reference/measure_close.js";
import { makeScene, uploadScene } from "../../reference/measure_scene.js";

// sums keep their rounding (two floats), so that only the terms' own f32 rounding, 6e-8 of each, is left
const TERM = 2e-7;

describe.each([1, 2])("segments of scene %i", (seed) => {
  const scene = makeScene(seed);
  const labels = Array.from({ length: scene.nLabels }, (_, i) => i + 1);
  const twins = labels.map((label) => segmentTwin(scene, label));
  let found: SegmentMeasures;
  beforeAll(async () => {
    const gpu = await testGpu();
    const images = uploadScene(gpu, scene);
    const boxes = boxesOf(scene.segmentation, scene.nx, scene.nLabels);
    const bits = new Uint32Array(Math.ceil(scene.segmentation.length / 32));
    scene.segmentation.forEach((label, i) => (bits[i >> 5] |= Number(label !== 0) << (i & 31)));
    const seen = { ...scene, labels: images.segmentation, seeds: gpu.upload("seeds", bits) };
    expect(await boundingBoxes(gpu, seen, scene.nLabels)).toEqual(boxes);
    found = await measureSegments(gpu, images, boxes);
    const again = await measureSegments(gpu, images, boxes);
    expect(again).toEqual(found); // the same bits on every run
  });

  it("finds bounding boxes", () => {
    twins.forEach(({ box }, i) =>
      expect([found.bboxXmin[i], found.bboxXmax[i], found.bboxYmin[i], found.bboxYmax[i]]).toEqual(box),
    );
  });

  it("sums unmasked pixels", () => {
    twins.forEach((twin, i) => {
      expect(found.area[i]).toBe(twin.area);
      expectRelative(found.flux[i], twin.flux, TERM);
      expectRelative(found.fluxError[i], twin.fluxError, TERM);
    });
    expect(
      twins.some(({ area }) => Number.isNaN(area)),
      "a segment all masked",
    ).toBe(true);
  });

  it("takes centroids and shapes of the detection image", () => {
    twins.forEach((twin, i) => {
      // 1e-6 pixel: f32 offsets from the box's centre, up to 30 pixels
      expectWithin(found.x[i], twin.x, 1e-6);
      expectWithin(found.y[i], twin.y, 1e-6);
      const shape = shapeOf(twin.covariance);
      for (const key of ["semimajor", "semiminor", "fwhm", "cxx", "cyy"] as const)
        expectRelative(found.shapes[i][key], shape[key], 2e-6, `${key} of ${i + 1}`);
      expectWithin(found.shapes[i].ellipticity, shape.ellipticity, 2e-6);
      expectWithin(found.shapes[i].cxy, shape.cxy, 2e-6 * (shape.cxx + shape.cyy));
    });
    const none = twins.filter(({ x }) => Number.isNaN(x)).length;
    expect(none, "masked and negative segments").toBeGreaterThanOrEqual(2);
  });
});

describe("shapes", () => {
  it("raises the variance across a line to a pixel's", () => {
    const shape = shapeOf({ xx: 10, xy: 0, yy: 0 });
    expect(shape.semiminor ** 2).toBeCloseTo(1 / 12, 14);
    expect(shape.semimajor ** 2).toBeCloseTo(10, 12);
    expect(shape.orientation).toBe(0);
  });

  it("keeps the axes of a diagonal line, also where rounding made its determinant negative", () => {
    const shape = shapeOf({ xx: 10, xy: 10 + 1e-6, yy: 10 });
    expect(shape.orientation).toBeCloseTo(45, 10);
    expect(shape.semiminor ** 2).toBeCloseTo(1 / 12, 10);
  });

  it("makes a point round and leaves a resolved source alone", () => {
    expect(regularize({ xx: 0, xy: 0, yy: 0 })).toEqual({ xx: 1 / 12, xy: 0, yy: 1 / 12 });
    const resolved = { xx: 2, xy: 0.5, yy: 1 };
    expect(regularize(resolved)).toBe(resolved);
  });

  it("is NaN without moments", () => {
    for (const value of Object.values(shapeOf({ xx: NaN, xy: NaN, yy: NaN }))) expect(value).toBeNaN();
  });
});
