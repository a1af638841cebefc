import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Count, sum and maximum of a plane's values above 0, one vec4u (count, f32 bits, f32 bits, 0) a workgroup. */
export const meanAndMax = defineKernel({
  label: "resample/mean_and_max",
  url: new URL("./mean_and_max.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", first: "u32" }),
    values: storage("read"),
    partials: storage("read_write"),
  },
});
