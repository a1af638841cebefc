import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** A plane times a factor, in place; constant HALF: the plane is half floats, two a word, and `factor` a half's value. */
export const scalePlane = defineKernel({
  label: "flux/scale",
  url: new URL("./scale.wgsl", import.meta.url),
  bindings: { params: uniform({ words: "u32", factor: "f32" }), plane: storage("read_write") },
  constants: ["HALF"],
});
