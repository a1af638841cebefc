import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Areas of numbered components, and every pixel its component's number. */
export const areaFilterCount = defineKernel({
  label: "source_catalog/area_filter_count",
  url: new URL("./area_filter_count.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32" }),
    seeds: storage("read"),
    labels: storage("read_write"),
    areas: storage("read_write"),
  },
});

/** Components of at least npixels marked by bits and counted by blocks. */
export const areaFilterSelect = defineKernel({
  label: "source_catalog/area_filter_select",
  url: new URL("./area_filter_select.wgsl", import.meta.url),
  bindings: {
    params: uniform({ npixels: "u32" }),
    totals: storage("read"),
    areas: storage("read"),
    chosen: storage("read_write"),
    blocks: storage("read_write"),
  },
});

/** Areas replaced by labels 1, 2, ... in raster order of the components, 0 for those too small. */
export const areaFilterNumber = defineKernel({
  label: "source_catalog/area_filter_number",
  url: new URL("./area_filter_number.wgsl", import.meta.url),
  bindings: {
    totals: storage("read"),
    chosen: storage("read"),
    blocks: storage("read"),
    areas: storage("read_write"),
  },
});

/** Component numbers replaced by labels. */
export const areaFilterWrite = defineKernel({
  label: "source_catalog/area_filter_write",
  url: new URL("./area_filter_write.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32" }),
    seeds: storage("read"),
    areas: storage("read"),
    labels: storage("read_write"),
  },
});
