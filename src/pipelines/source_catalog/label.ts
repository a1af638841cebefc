import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import {
  componentAreas,
  componentLabels,
  LABEL_BLOCK,
  LABEL_GROUP,
  labelFlatten,
  labelMerge,
  labelNumber,
  labelScan,
} from "../../shaders/source_catalog/label.js";
import { segmentBoxes } from "../../shaders/source_catalog/measure.js";

/** Words of a bounding box: least and greatest column, least and greatest row. */
export const BOX_WORDS = 4;

/** Rows of an image with a bit and a label, its own place, for each pixel that belongs to a source; 0 elsewhere. */
export interface Seeded {
  readonly nx: number;
  readonly ny: number;
  readonly labels: DeviceBuffer;
  readonly seeds: DeviceBuffer;
}

/**
 * Number the 8-connected components of a band's pixels from 0 in raster order of their first pixel, as photutils 3.1.1
 * segmentation/detect.py does. The labels are the numbers then, with the top bit set.
 * @returns the components' pixel counts
 */
export async function numberComponents(gpu: Gpu, { nx, ny, labels, seeds }: Seeded): Promise<Uint32Array> {
  const count = nx * ny;
  const most = Math.ceil(nx / 2) * Math.ceil(ny / 2); // components that do not touch, even by corners
  const pixelBlocks = Math.ceil(count / LABEL_BLOCK);
  const roots = gpu.alloc("label roots", 4 * Math.ceil(count / 32));
  const blocks = gpu.alloc("label blocks", 4 * pixelBlocks);
  const areas = gpu.alloc("component areas", 4 * most);
  const totals = gpu.alloc("label totals", 16);
  const groups = flatGroups(count, LABEL_GROUP);
  try {
    gpu
      .recorder("segmentation")
      .clear(areas)
      .clear(blocks)
      .run(labelMerge, { params: { nx, ny }, seeds, labels }, groups)
      .run(labelFlatten, { params: { count }, seeds, labels, roots, blocks }, groups)
      .run(labelScan, { params: { count: pixelBlocks }, blocks, totals }, [1])
      .run(labelNumber, { params: { count }, chosen: roots, blocks, labels }, groups)
      .run(componentAreas, { params: { count }, seeds, labels, areas }, groups)
      .submit();
    const [components] = await gpu.read(totals, Uint32Array, 0, 1);
    return await gpu.read(areas, Uint32Array, 0, components);
  } finally {
    for (const buffer of [roots, blocks, areas, totals]) buffer.free();
  }
}

/** Give the components of a band the labels that `table` has for their numbers. */
export function labelComponents(gpu: Gpu, { nx, ny, labels, seeds }: Seeded, table: Uint32Array): void {
  const count = nx * ny;
  const device = gpu.upload("labels of components", table);
  gpu
    .recorder("labels")
    .run(componentLabels, { params: { count }, seeds, table: device, labels }, flatGroups(count, LABEL_GROUP))
    .submit();
  device.free();
}

/** Bounding boxes (BOX_WORDS a label) of labels 1..count; inclusive. */
export async function boundingBoxes(
  gpu: Gpu,
  { nx, ny, labels, seeds }: Seeded,
  count: number,
): Promise<Uint32Array> {
  if (count === 0) return new Uint32Array(0);
  const boxes = gpu.upload("bounding boxes", emptyBoxes(count));
  gpu
    .recorder("bounding boxes")
    .run(
      segmentBoxes,
      { params: { nx, ny }, segmentation: labels, seeds, boxes },
      flatGroups(nx * ny, LABEL_GROUP),
    )
    .submit();
  const found = await gpu.read(boxes, Uint32Array, 0, BOX_WORDS * count);
  boxes.free();
  return found;
}

/** Boxes that hold nothing yet. */
export function emptyBoxes(count: number): Uint32Array {
  const boxes = new Uint32Array(BOX_WORDS * count);
  for (let i = 0; i < boxes.length; i += 2) boxes[i] = 0xffffffff;
  return boxes;
}

/** Make box `k` hold the columns left to right and the rows low to high. */
export function growBox(
  boxes: Uint32Array,
  k: number,
  left: number,
  right: number,
  low: number,
  high: number,
): void {
  const at = BOX_WORDS * k;
  boxes[at] = Math.min(boxes[at], left);
  boxes[at + 1] = Math.max(boxes[at + 1], right);
  boxes[at + 2] = Math.min(boxes[at + 2], low);
  boxes[at + 3] = Math.max(boxes[at + 3], high);
}

/** Bounding boxes of labels 1..nLabels of an image on the host. */
export function boxesOf(labels: Uint32Array, nx: number, nLabels: number): Uint32Array {
  const boxes = emptyBoxes(nLabels);
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 0) continue;
    const [x, y] = [i % nx, Math.floor(i / nx)];
    growBox(boxes, labels[i] - 1, x, x, y, y);
  }
  return boxes;
}

/** Workgroups of `size` elements in flat order, in two dimensions where one does not hold them. */
export function flatGroups(count: number, size = 1024): [number, number] {
  const groups = Math.ceil(count / size);
  const x = Math.min(groups, 65535);
  return [x, Math.ceil(groups / Math.max(1, x))];
}
