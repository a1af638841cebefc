import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import { CONTRAST, deblendSource } from "../../host/deblend/deblend_source.js";
import {
  DEBLEND_BOX_WORDS,
  deblendGather,
  deblendRelabel,
  deblendScatter,
} from "../../shaders/source_catalog/deblend.js";
import { segmentBoxes } from "../../shaders/source_catalog/measure.js";
import { flatGroups } from "./label.js";
import { sourceGroups, withBuffers } from "./measure_device.js";

/** Pixels of bounding boxes that are brought to the host at a time; a larger box comes alone. */
const BATCH_PIXELS = 1 << 23;

interface Segments {
  readonly nx: number;
  readonly ny: number;
  /** f32: the image the sources were found in. */
  readonly detection: DeviceBuffer;
  /** u32: labels 1..nLabels, 0 elsewhere; changed in place. */
  readonly segmentation: DeviceBuffer;
  readonly nLabels: number;
}

interface Box {
  readonly label: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly pixels: number;
}

/** A source in parts: 1..count in its box, 0 outside it. */
interface Parts {
  readonly box: Box;
  readonly count: number;
  readonly labels: Int32Array;
}

/**
 * Separate overlapping sources, as photutils 3.1.1 deblend_sources with romancal 1.0.1's arguments. Labels stay consecutive: sources
 * that stay whole first, in their order, then the parts of each that does not. Bounding boxes are gathered and parts written on
 * the device; the tree and the flood of each source, which go pixel by pixel, are the host's.
 * @returns the number of labels now
 */
export async function deblendSegments(
  gpu: Gpu,
  segments: Segments,
  npixels: number,
  contrast = CONTRAST,
): Promise<number> {
  const parts: Parts[] = [];
  const boxes = (await boxesOf(gpu, segments)).filter(({ pixels }) => pixels >= 2 * npixels);
  for (const batch of batchesOf(boxes, ({ pixels }) => pixels)) {
    const packed = await gather(gpu, segments, batch);
    let start = 0;
    for (const box of batch) {
      const values = packed.subarray(start, (start += box.pixels));
      const deblended = deblendSource(values, box.width, npixels, contrast);
      if (deblended) parts.push({ box, ...deblended });
    }
  }
  return parts.length ? writeParts(gpu, segments, parts) : segments.nLabels;
}

async function boxesOf(gpu: Gpu, { nx, ny, segmentation, nLabels }: Segments): Promise<Box[]> {
  return withBuffers(gpu, async (own) => {
    const empty = Uint32Array.from({ length: 4 * nLabels }, (_, i) => (i % 2 === 0 ? 0xffffffff : 0));
    const boxes = own.upload("source boxes", empty);
    gpu
      .recorder("deblend: boxes")
      .run(segmentBoxes, { params: { nx, ny }, segmentation, boxes }, flatGroups(nx * ny))
      .submit();
    const found = await gpu.read(boxes, Uint32Array, 0, 4 * nLabels);
    return Array.from({ length: nLabels }, (_, i) => {
      const [left, right, low, high] = found.subarray(4 * i, 4 * i + 4);
      const width = right - left + 1;
      return { label: i + 1, x: left, y: low, width, pixels: width * (high - low + 1) };
    });
  });
}

function* batchesOf<T>(items: readonly T[], pixels: (item: T) => number): Generator<T[]> {
  let batch: T[] = [];
  let sum = 0;
  for (const item of items) {
    if (batch.length && sum + pixels(item) > BATCH_PIXELS) {
      yield batch;
      [batch, sum] = [[], 0];
    }
    batch.push(item);
    sum += pixels(item);
  }
  if (batch.length) yield batch;
}

async function gather(
  gpu: Gpu,
  { nx, detection, segmentation }: Segments,
  batch: Box[],
): Promise<Float32Array> {
  return withBuffers(gpu, async (own) => {
    const { words, pixels } = packBoxes(batch);
    const boxes = own.upload("deblend boxes", words);
    const packed = own.alloc("deblend values", 4 * pixels);
    const { groups_x, groups } = sourceGroups(batch.length);
    const params = { nx, sources: batch.length, groups_x };
    gpu
      .recorder("deblend: gather")
      .run(deblendGather, { params, detection, segmentation, boxes, packed }, groups)
      .submit();
    return gpu.read(packed, Float32Array, 0, pixels);
  });
}

function packBoxes(
  boxes: readonly Box[],
  firstLabels?: readonly number[],
): { words: Uint32Array; pixels: number } {
  const words = new Uint32Array(DEBLEND_BOX_WORDS * boxes.length);
  let start = 0;
  boxes.forEach(({ label, x, y, width, pixels }, i) => {
    words.set([label, x, y, width, pixels, start, firstLabels?.[i] ?? 0, 0], DEBLEND_BOX_WORDS * i);
    start += pixels;
  });
  return { words, pixels: start };
}

async function writeParts(
  gpu: Gpu,
  { nx, ny, segmentation, nLabels }: Segments,
  parts: readonly Parts[],
): Promise<number> {
  const table = new Uint32Array(nLabels + 1);
  const split = new Set(parts.map(({ box }) => box.label));
  let count = 0;
  for (let label = 1; label <= nLabels; label++) if (!split.has(label)) table[label] = ++count;
  const whole = gpu.upload("deblend labels", table);
  gpu
    .recorder("deblend: labels")
    .run(deblendRelabel, { params: { count: nx * ny }, table: whole, segmentation }, flatGroups(nx * ny))
    .submit();
  whole.free();
  for (const batch of batchesOf(parts, ({ box }) => box.pixels)) {
    const firsts = batch.map((part) => (count += part.count) - part.count + 1);
    scatter(gpu, nx, segmentation, batch, firsts);
  }
  return count;
}

function scatter(
  gpu: Gpu,
  nx: number,
  segmentation: DeviceBuffer,
  batch: readonly Parts[],
  firsts: readonly number[],
): void {
  const { words, pixels } = packBoxes(
    batch.map(({ box }) => box),
    firsts,
  );
  const labels = new Int32Array(pixels);
  let start = 0;
  for (const part of batch) {
    labels.set(part.labels, start);
    start += part.box.pixels;
  }
  const boxes = gpu.upload("deblend boxes", words);
  const packed = gpu.upload("deblend parts", labels);
  const { groups_x, groups } = sourceGroups(batch.length);
  const params = { nx, sources: batch.length, groups_x };
  gpu
    .recorder("deblend: parts")
    .run(deblendScatter, { params, boxes, packed, segmentation }, groups)
    .submit();
  boxes.free();
  packed.free();
}
