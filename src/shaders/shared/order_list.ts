import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Words of `list` before its keys: keys from lo to hi, below, of all, 0. */
export const LIST_HEAD = 4;

/** Counts values and lists their order keys from lo to hi; the caller clears the head of `list`; see the WGSL for MODE. */
export const orderList = defineKernel({
  label: "shared/order_list",
  url: new URL("./order_list.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", every: "u32", lo: "u32", hi: "u32", room: "u32", centre: "f32" }),
    values: storage("read"),
    guards: storage("read"),
    list: storage("read_write"),
  },
  constants: ["MODE"],
});
