import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** A plane of `nx` words a row that is `word` but for a part of it, of `part` = x0, y0, columns and rows; `count` quads of words. */
export const place = defineKernel({
  label: "resample/place",
  url: new URL("./place.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", nx: "u32", word: "u32", part: "vec4u" }),
    part: storage("read"),
    plane: storage("read_write"),
  },
});
