import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import {
  areaFilterCount,
  areaFilterNumber,
  areaFilterSelect,
  areaFilterWrite,
} from "../../shaders/source_catalog/area_filter.js";
import {
  LABEL_BLOCK,
  labelFlatten,
  labelMerge,
  labelNumber,
  labelScan,
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
  const blocks = gpu.alloc("label blocks", 4 * pixelBlocks);
  const kept = gpu.alloc("kept components", 4 * componentBlocks);
  const areas = gpu.alloc("component areas", 4 * most);
  const totals = gpu.alloc("label totals", 16);
  const groups = flatGroups(count);
  const componentGroups = flatGroups(most);
  gpu
    .recorder("segmentation")
    .clear(areas)
    .run(labelMerge, { params: { nx, ny }, labels }, [Math.ceil(nx / 1024), ny])
    .run(labelFlatten, { params: { count }, labels, blocks }, groups)
    .run(labelScan, { params: { count: pixelBlocks, slot: 0 }, blocks, totals }, [1])
    .run(labelNumber, { params: { count }, blocks, labels }, groups)
    .run(areaFilterCount, { params: { count }, labels, areas }, groups)
    .run(areaFilterSelect, { params: { npixels }, totals, areas, blocks: kept }, componentGroups)
    .run(labelScan, { params: { count: componentBlocks, slot: 1 }, blocks: kept, totals }, [1])
    .run(areaFilterNumber, { params: { npixels }, totals, blocks: kept, areas }, componentGroups)
    .run(areaFilterWrite, { params: { count }, areas, labels }, groups)
    .submit();
  const [, nLabels] = await gpu.read(totals, Uint32Array, 0, 2);
  for (const buffer of [blocks, kept, areas, totals]) buffer.free();
  return nLabels;
}

/** Workgroups of 1024 elements in flat order, in two dimensions where one does not hold them. */
export function flatGroups(count: number): [number, number] {
  const groups = Math.ceil(count / 1024);
  const x = Math.min(groups, 65535);
  return [x, Math.ceil(groups / Math.max(1, x))];
}
