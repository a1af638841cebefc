import type { Gpu } from "../../gpu/index.js";
import { MOMENTS_STRIDE, segmentMoments } from "../../shaders/source_catalog/measure.js";
import {
  frameOf,
  holds,
  labelsOf,
  type MeasureImages,
  sourceConstants,
  sourceGroups,
  withBuffers,
} from "./measure_device.js";
import { type Shape, shapeOf } from "./measure_shapes.js";

/** Measures of the segments; index = label - 1; pixels (0-based centres), fluxes in the image's unit. */
export interface SegmentMeasures {
  readonly bboxXmin: Int32Array;
  readonly bboxXmax: Int32Array;
  readonly bboxYmin: Int32Array;
  readonly bboxYmax: Int32Array;
  /** Unmasked pixels; NaN where there are none. */
  readonly area: Float64Array;
  /** Centroid in the detection image; NaN where it holds no positive unmasked pixel. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly shapes: readonly Shape[];
  readonly flux: Float64Array;
  readonly fluxError: Float64Array;
}

/**
 * Centroids, second-moment ellipses, segment fluxes. Follows photutils 3.1.1 SourceCatalog: moments of the detection image's
 * non-negative unmasked pixels, fluxes of all unmasked pixels of the segment.
 * @param boxes bounding boxes of the sources: least and greatest column, least and greatest row
 * @param radius pixels about a segment that its detection image is made of: a part must hold them
 */
export async function measureSegments(
  gpu: Gpu,
  images: MeasureImages,
  boxes: Uint32Array,
  radius = 0,
): Promise<SegmentMeasures> {
  const { nx, nLabels } = images;
  const bound = boxesInPart(images, boxes, radius);
  return withBuffers(gpu, async (own) => {
    const out = own.alloc("segment moments", 4 * MOMENTS_STRIDE * nLabels);
    const { groups_x, groups } = sourceGroups(nLabels);
    const { data, err, mask, detection, segmentation } = images;
    const params = { nx, sources: nLabels, groups_x, zero: 0 };
    const sources = {
      boxes: own.upload("source boxes", bound),
      labels: own.upload("source labels", labelsOf(images)),
    };
    gpu
      .recorder("source_catalog: segments")
      .run(
        segmentMoments,
        { params, data, err, mask, detection, segmentation, ...sources, out },
        groups,
        sourceConstants(gpu.info.kind),
      )
      .submit();
    return finish(boxes, await gpu.read(out, Float32Array, 0, MOMENTS_STRIDE * nLabels));
  });
}

/** Boxes in a part's pixels; none of a source that it does not hold: its measures are NaN. */
function boxesInPart(images: MeasureImages, boxes: Uint32Array, radius: number): Uint32Array {
  const { x0, y0 } = frameOf(images);
  const bound = new Uint32Array(boxes.length);
  for (let i = 0; i < images.nLabels; i++) {
    const [left, right, low, high] = boxes.subarray(4 * i, 4 * i + 4);
    if (holds(images, i, [left - radius, right + 1 + radius, low - radius, high + 1 + radius]))
      bound.set([left - x0, right - x0, low - y0, high - y0], 4 * i);
    else bound.set([1, 0, 0, 0], 4 * i);
  }
  return bound;
}

function finish(boxes: Uint32Array, sums: Float32Array): SegmentMeasures {
  const n = boxes.length / 4;
  const counts = new Uint32Array(sums.buffer);
  const corner = (k: number): Int32Array => Int32Array.from({ length: n }, (_, i) => boxes[4 * i + k]);
  const column = (): Float64Array => new Float64Array(n).fill(NaN);
  const [area, x, y, flux, fluxError] = [column(), column(), column(), column(), column()];
  const shapes: Shape[] = [];
  for (let i = 0; i < n; i++) {
    const at = MOMENTS_STRIDE * i;
    const sum = (k: number): number => sums[at + 2 * k] + sums[at + 2 * k + 1];
    const pixels = counts[at + 18];
    if (pixels > 0) {
      area[i] = pixels;
      flux[i] = sum(6);
      fluxError[i] = Math.sqrt(sum(7));
    }
    const total = sum(0); // 0 gives NaN below, as in photutils
    const [dx, dy] = [sum(1) / total, sum(2) / total];
    x[i] = boxes[4 * i] + sums[at + 16] + dx;
    y[i] = boxes[4 * i + 2] + sums[at + 17] + dy;
    shapes.push(
      shapeOf({ xx: sum(3) / total - dx * dx, xy: sum(4) / total - dx * dy, yy: sum(5) / total - dy * dy }),
    );
  }
  return {
    bboxXmin: corner(0),
    bboxXmax: corner(1),
    bboxYmin: corner(2),
    bboxYmax: corner(3),
    area,
    x,
    y,
    shapes,
    flux,
    fluxError,
  };
}
