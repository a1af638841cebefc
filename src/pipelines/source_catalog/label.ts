import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import {
  areaFilterCount,
  areaFilterNumber,
  areaFilterSelect,
  areaFilterWrite,
} from "../../shaders/source_catalog/area_filter.js";
import {
  LABEL_BLOCK,
  LABEL_GROUP,
  labelFlatten,
  labelMerge,
  labelNumber,
  labelScan,
  labelSeeds,
} from "../../shaders/source_catalog/label.js";

/**
 * Label 8-connected components in place, as photutils 3.1.1 segmentation/detect.py: components of fewer than `npixels`
 * pixels are dropped, the others numbered from 1 in raster order of their first pixel.
 * @param labels ny x nx u32, row-major: a pixel's own index where it belongs to a source, 0xffffffff elsewhere
 * @returns the number of components kept
 */
export async function labelComponents(
  gpu: Gpu,
  labels: DeviceBuffer,
  nx: number,
  ny: number,
  npixels: number,
): Promise<number> {
  const count = nx * ny;
  const most = Math.ceil(nx / 2) * Math.ceil(ny / 2); // components that do not touch, even by corners
  const pixelBlocks = Math.ceil(count / LABEL_BLOCK);
  const componentBlocks = Math.ceil(most / LABEL_BLOCK);
  const seeds = gpu.alloc("label seeds", 4 * Math.ceil(count / 32));
  const roots = gpu.alloc("label roots", 4 * Math.ceil(count / 32));
  const blocks = gpu.alloc("label blocks", 4 * pixelBlocks);
  const chosen = gpu.alloc("kept components", 4 * Math.ceil(most / 32));
  const kept = gpu.alloc("kept components by blocks", 4 * componentBlocks);
  const areas = gpu.alloc("component areas", 4 * most);
  const totals = gpu.alloc("label totals", 16);
  const groups = flatGroups(count, LABEL_GROUP);
  const componentGroups = flatGroups(most, LABEL_GROUP);
  gpu
    .recorder("segmentation")
    .clear(areas)
    .clear(blocks)
    .clear(kept)
    .run(labelSeeds, { params: { count }, labels, seeds }, groups)
    .run(labelMerge, { params: { nx, ny }, seeds, labels }, groups)
    .run(labelFlatten, { params: { count }, seeds, labels, roots, blocks }, groups)
    .run(labelScan, { params: { count: pixelBlocks, slot: 0 }, blocks, totals }, [1])
    .run(labelNumber, { params: { count }, chosen: roots, blocks, labels }, groups)
    .run(areaFilterCount, { params: { count }, seeds, labels, areas }, groups)
    .run(areaFilterSelect, { params: { npixels }, totals, areas, chosen, blocks: kept }, componentGroups)
    .run(labelScan, { params: { count: componentBlocks, slot: 1 }, blocks: kept, totals }, [1])
    .run(areaFilterNumber, { totals, chosen, blocks: kept, areas }, componentGroups)
    .run(areaFilterWrite, { params: { count }, seeds, areas, labels }, groups)
    .submit();
  const [, nLabels] = await gpu.read(totals, Uint32Array, 0, 2);
  for (const buffer of [seeds, roots, blocks, chosen, kept, areas, totals]) buffer.free();
  return nLabels;
}

/** Workgroups of `size` elements in flat order, in two dimensions where one does not hold them. */
export function flatGroups(count: number, size = 1024): [number, number] {
  const groups = Math.ceil(count / size);
  const x = Math.min(groups, 65535);
  return [x, Math.ceil(groups / Math.max(1, x))];
}
