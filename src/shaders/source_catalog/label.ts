import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Pixels or components that one workgroup of the flat label kernels takes. */
export const LABEL_BLOCK = 1024;

/** Union of 8-connected pixels; a pixel comes in with its own index, or 0xffffffff; groups: [ceil(nx / 1024), ny]. */
export const labelMerge = defineKernel({
  label: "source_catalog/label_merge",
  url: new URL("./label_merge.wgsl", import.meta.url),
  bindings: { params: uniform({ nx: "u32", ny: "u32" }), labels: storage("read_write") },
});

/** Labels to roots, roots counted by blocks; groups: blocks. */
export const labelFlatten = defineKernel({
  label: "source_catalog/label_flatten",
  url: new URL("./label_flatten.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32" }),
    labels: storage("read_write"),
    blocks: storage("read_write"),
  },
});

/** Exclusive prefix sum in place, the total to totals[slot]; one workgroup. */
export const labelScan = defineKernel({
  label: "source_catalog/label_scan",
  url: new URL("./label_scan.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", slot: "u32" }),
    blocks: storage("read_write"),
    totals: storage("read_write"),
  },
});

/** Roots get their component's number in raster order; groups: blocks. */
export const labelNumber = defineKernel({
  label: "source_catalog/label_number",
  url: new URL("./label_number.wgsl", import.meta.url),
  bindings: { params: uniform({ count: "u32" }), blocks: storage("read"), labels: storage("read_write") },
});
