import { defineKernel, storage, uniform } from "../../gpu/index.js";

const at = (name: string): URL => new URL(`./${name}.wgsl`, import.meta.url);

/** u32 words of `boxes` a source: label, left column, lowest row, width; pixels, place of the first in `packed`, first new label, 0. */
export const DEBLEND_BOX_WORDS = 8;

/** The detection image in each source's bounding box, NaN outside the source; one workgroup a source, `groups_x` wide. */
export const deblendGather = defineKernel({
  label: "source_catalog/deblend_gather",
  url: at("deblend_gather"),
  bindings: {
    params: uniform({ nx: "u32", sources: "u32", groups_x: "u32" }),
    detection: storage("read"),
    segmentation: storage("read"),
    boxes: storage("read"),
    packed: storage("read_write"),
  },
});

/** Every pixel its source's new label, by a table that starts with label 0's; groups: blocks of pixels. */
export const deblendRelabel = defineKernel({
  label: "source_catalog/deblend_relabel",
  url: at("deblend_relabel"),
  bindings: {
    params: uniform({ count: "u32" }),
    table: storage("read"),
    segmentation: storage("read_write"),
  },
});

/** The parts of each source (1.. in `packed`, 0 outside it) into the segmentation; one workgroup a source, `groups_x` wide. */
export const deblendScatter = defineKernel({
  label: "source_catalog/deblend_scatter",
  url: at("deblend_scatter"),
  bindings: {
    params: uniform({ nx: "u32", sources: "u32", groups_x: "u32" }),
    boxes: storage("read"),
    packed: storage("read"),
    segmentation: storage("read_write"),
  },
});
