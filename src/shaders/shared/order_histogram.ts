import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Adds to 2048 `bins` (cleared by the caller) the counts of one digit of the order keys; see the WGSL for MODE. */
export const orderHistogram = defineKernel({
  label: "shared/order_histogram",
  url: new URL("./order_histogram.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", shift: "u32", prefix_shift: "u32", prefix: "u32", centre: "f32" }),
    values: storage("read"),
    guards: storage("read"),
    bins: storage("read_write"),
  },
  constants: ["MODE"],
});
