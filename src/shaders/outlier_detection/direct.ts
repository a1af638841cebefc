import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Data and weights of `count` pixels from `first` on, as planes of their own. */
export const unpack = defineKernel({
  label: "outlier_detection/unpack",
  url: new URL("./unpack.wgsl", import.meta.url),
  bindings: {
    params: uniform({ first: "u32", count: "u32" }),
    data: storage("read"),
    packed: storage("read"),
    out_data: storage("read_write"),
    out_weight: storage("read_write"),
  },
});

/** Sets `flags` in dq where a pixel differs from the median by more than snr errors, and adds up how many in counts[counter]. */
export const flagDirect = defineKernel({
  label: "outlier_detection/flag_direct",
  url: new URL("./flag_direct.wgsl", import.meta.url),
  bindings: {
    params: uniform({ first: "u32", count: "u32", half: "u32", snr: "f32", counter: "u32", flags: "u32" }),
    data: storage("read"),
    err: storage("read"),
    median: storage("read"),
    dq: storage("read_write"),
    counts: storage("read_write"),
  },
  constants: ["ALIGNED"],
});
