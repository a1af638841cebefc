import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Pixels, or components, that a workgroup of these kernels takes: a word of 32 bits each invocation. */
export const LABEL_GROUP = 8192;
/** Pixels, or components, whose count is one element of a scan: 32 words. */
export const LABEL_BLOCK = 1024;

const count = uniform({ count: "u32" });

/** One bit for each pixel that carries a label; 0xffffffff, no label, becomes 0. */
export const labelSeeds = defineKernel({
  label: "source_catalog/label_seeds",
  url: new URL("./label_seeds.wgsl", import.meta.url),
  bindings: { params: count, labels: storage("read_write"), seeds: storage("read_write") },
});

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
