import type { Gpu } from "../../gpu/index.js";
import {
  type AnnulusMeasures,
  type ApertureMeasures,
  measureAnnulus,
  measureApertures,
} from "./measure_apertures.js";
import { type DaofindMeasures, measureDaofind } from "./measure_daofind.js";
import type { MeasureImages } from "./measure_device.js";
import {
  type KronMeasures,
  measureFluxRadius,
  measureKron,
  measureWindowed,
  type WindowedMeasures,
} from "./measure_kron.js";
import { type ImageParts, joinColumns, type PartResult } from "./measure_parts.js";
import { measureSegments, type SegmentMeasures } from "./measure_segments.js";
import type { RowPlane } from "./parts.js";

/** The sources to measure and their image. */
export interface CatalogSources {
  readonly parts: ImageParts;
  /** Bounding boxes: least and greatest column, least and greatest row of labels 1.. */
  readonly boxes: Uint32Array;
  /** The mosaic's weight, where it has one. */
  readonly weight?: Float32Array | RowPlane<Float32Array>;
}

/** What is measured of shapes alone. */
export interface ShapeMeasures {
  readonly segments: SegmentMeasures;
  readonly kron: KronMeasures;
}

/** What is measured in the image; pixels and the image's unit. */
export interface SourceMeasures extends ShapeMeasures {
  readonly circles: ApertureMeasures;
  readonly annulus: AnnulusMeasures;
  readonly halfLight: Float64Array;
  readonly windowed: WindowedMeasures;
  readonly statistics: DaofindMeasures;
}

/** Measure all sources part by part. */
async function overParts<T>(
  { parts, boxes }: CatalogSources,
  measure: (images: MeasureImages, segments: SegmentMeasures) => Promise<T>,
  gpu: Gpu,
): Promise<T> {
  const results: PartResult<T>[] = [];
  await parts.eachPart(boxes, async (images, at) => {
    const own = Uint32Array.from({ length: 4 * at.length }, (_, i) => boxes[4 * at[i >> 2] + (i & 3)]);
    const segments = await measureSegments(gpu, images, own, parts.radius);
    results.push({ at, value: await measure(images, segments) });
  });
  return joinColumns(boxes.length / 4, results);
}

/** Segments and Kron apertures of all sources. */
export function measureShapesOf(gpu: Gpu, sources: CatalogSources): Promise<ShapeMeasures> {
  return overParts(
    sources,
    async (images, segments) => ({ segments, kron: await measureKron(gpu, images, segments) }),
    gpu,
  );
}

/** Radii that sources are measured in, pixels, and the detection kernel's width. */
export interface MeasureSizes {
  readonly circles: readonly number[];
  readonly annulus: readonly [number, number];
  readonly kernel_fwhm: number;
}

/** All that the image shows of its sources. */
export function measureSources(
  gpu: Gpu,
  sources: CatalogSources,
  sizes: MeasureSizes,
): Promise<SourceMeasures> {
  return overParts(sources, (images, segments) => measureAll(gpu, images, segments, sizes), gpu);
}

async function measureAll(
  gpu: Gpu,
  images: MeasureImages,
  segments: SegmentMeasures,
  sizes: MeasureSizes,
): Promise<SourceMeasures> {
  const [x, y] = positions(segments);
  const circles = await measureApertures(gpu, images, x, y, sizes.circles);
  const annulus = await measureAnnulus(gpu, images, x, y, sizes.annulus);
  const kron = await measureKron(gpu, images, segments);
  const halfLight = await measureFluxRadius(gpu, images, segments, kron, 0.5);
  const windowed = await measureWindowed(gpu, images, segments, halfLight);
  const statistics = await measureDaofind(gpu, images, x, y, sizes.kernel_fwhm);
  return { segments, kron, circles, annulus, halfLight, windowed, statistics };
}

/** The centroids as romancal keeps them. */
export function positions({ x, y }: SegmentMeasures): [Float32Array, Float32Array] {
  return [Float32Array.from(x), Float32Array.from(y)];
}
