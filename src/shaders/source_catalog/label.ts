import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Pixels, or components, that a workgroup of these kernels takes: a word of 32 bits each invocation. */
export const LABEL_GROUP = 8192;
/** Pixels, or components, whose count is one element of a scan: 32 words. */
export const LABEL_BLOCK = 1024;

const count = uniform({ count: "u32" });

/** Union of 8-connected pixels; a pixel comes in with its own index. */
export const labelMerge = defineKernel({
  label: "source_catalog/label_merge",
  url: new URL("./label_merge.wgsl", import.meta.url),
  bindings: {
    params: uniform({ nx: "u32", ny: "u32" }),
    seeds: storage("read"),
    labels: storage("read_write"),
  },
});

/** Labels to roots; roots marked by bits and counted by blocks. */
export const labelFlatten = defineKernel({
  label: "source_catalog/label_flatten",
  url: new URL("./label_flatten.wgsl", import.meta.url),
  bindings: {
    params: count,
    seeds: storage("read"),
    labels: storage("read_write"),
    roots: storage("read_write"),
    blocks: storage("read_write"),
  },
});

/** Exclusive prefix sum in place, the total to totals[0]; one workgroup. */
export const labelScan = defineKernel({
  label: "source_catalog/label_scan",
  url: new URL("./label_scan.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32" }),
    blocks: storage("read_write"),
    totals: storage("read_write"),
  },
});

/** Roots get their component's number in raster order. */
export const labelNumber = defineKernel({
  label: "source_catalog/label_number",
  url: new URL("./label_number.wgsl", import.meta.url),
  bindings: {
    params: count,
    chosen: storage("read"),
    blocks: storage("read"),
    labels: storage("read_write"),
  },
});

/** Areas of numbered components (zero before), and every pixel its component's number. */
export const componentAreas = defineKernel({
  label: "source_catalog/component_areas",
  url: new URL("./component_areas.wgsl", import.meta.url),
  bindings: {
    params: count,
    seeds: storage("read"),
    labels: storage("read_write"),
    areas: storage("read_write"),
  },
});

/** Component numbers replaced by what a table has for them. */
export const componentLabels = defineKernel({
  label: "source_catalog/component_labels",
  url: new URL("./component_labels.wgsl", import.meta.url),
  bindings: {
    params: count,
    seeds: storage("read"),
    table: storage("read"),
    labels: storage("read_write"),
  },
});
