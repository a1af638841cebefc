import type { Gpu } from "../../gpu/index.js";
import { MOMENTS_STRIDE, segmentBoxes, segmentMoments } from "../../shaders/source_catalog/measure.js";
import { flatGroups } from "./label.js";
import { type MeasureImages, sourceGroups, withBuffers } from "./measure_device.js";
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
 * Bounding boxes, centroids, second-moment ellipses, segment fluxes. Follows photutils 3.1.1 SourceCatalog: moments of the
 * detection image's non-negative unmasked pixels, fluxes of all unmasked pixels of the segment.
 */
export async function measureSegments(gpu: Gpu, images: MeasureImages): Promise<SegmentMeasures> {
  const { nx, ny, nLabels } = images;
  return withBuffers(gpu, async (own) => {
    const empty = Uint32Array.from({ length: 4 * nLabels }, (_, i) => (i % 2 === 0 ? 0xffffffff : 0));
    const boxes = own.upload("source boxes", empty);
    const out = own.alloc("segment moments", 4 * MOMENTS_STRIDE * nLabels);
    const { groups_x, groups } = sourceGroups(nLabels);
    const { data, err, mask, detection, segmentation } = images;
    gpu
      .recorder("source_catalog: segments")
      .run(segmentBoxes, { params: { nx, ny }, segmentation, boxes }, flatGroups(nx * ny))
      .run(
        segmentMoments,
        {
          params: { nx, sources: nLabels, groups_x, zero: 0 },
          data,
          err,
          mask,
          detection,
          segmentation,
          boxes,
          out,
        },
        groups,
      )
      .submit();
    const found = await gpu.read(boxes, Uint32Array, 0, 4 * nLabels);
    return finish(found, await gpu.read(out, Float32Array, 0, MOMENTS_STRIDE * nLabels));
  });
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
