import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Areas of numbered components, and every pixel its component's number; groups: blocks of pixels. */
export const areaFilterCount = defineKernel({
  label: "source_catalog/area_filter_count",
  url: new URL("./area_filter_count.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32" }),
    labels: storage("read_write"),
    areas: storage("read_write"),
  },
});

/** Components of at least npixels, counted by blocks; groups: blocks of components. */
export const areaFilterSelect = defineKernel({
  label: "source_catalog/area_filter_select",
  url: new URL("./area_filter_select.wgsl", import.meta.url),
  bindings: {
    params: uniform({ npixels: "u32" }),
    totals: storage("read"),
    areas: storage("read"),
    blocks: storage("read_write"),
  },
});

/** Areas replaced by labels 1, 2, ... in raster order of the components, 0 for those too small; groups: blocks of components. */
export const areaFilterNumber = defineKernel({
  label: "source_catalog/area_filter_number",
  url: new URL("./area_filter_number.wgsl", import.meta.url),
  bindings: {
    params: uniform({ npixels: "u32" }),
    totals: storage("read"),
    blocks: storage("read"),
    areas: storage("read_write"),
  },
});

/** Component numbers replaced by labels; groups: blocks of pixels. */
export const areaFilterWrite = defineKernel({
  label: "source_catalog/area_filter_write",
  url: new URL("./area_filter_write.wgsl", import.meta.url),
  bindings: { params: uniform({ count: "u32" }), areas: storage("read"), labels: storage("read_write") },
});
