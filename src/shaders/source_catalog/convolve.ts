import { defineKernel, storage, uniform } from "../../gpu/index.js";
import { meshFields } from "./background.js";

/** Largest RADIUS of `convolve`: its lines must fit 32 KiB of workgroup memory. */
export const MAX_RADIUS = 48;

/** Detection image and label seeds; RADIUS taps each side, ROWS = 32 + 2 * RADIUS; groups: [ceil(nx / 32), ceil(ny / 32)]. */
export const convolve = defineKernel({
  label: "source_catalog/convolve",
  url: new URL("./convolve.wgsl", import.meta.url),
  bindings: {
    params: uniform({ ...meshFields, nx: "u32", ny: "u32", snr: "f32" }),
    data: storage("read"),
    mask: storage("read"),
    mesh: storage("read"),
    taps: storage("read"),
    detection: storage("read_write"),
    labels: storage("read_write"),
  },
  constants: ["RADIUS", "ROWS"],
});

/** Largest RADIUS of `convolveQuads`. */
export const MAX_QUADS_RADIUS = 4;
/** Rows of pixels that one invocation of `convolveQuads` makes. */
export const CONVOLVE_ROWS = 32;

/** `convolve` for small kernels and nx a multiple of 4; groups: [ceil(nx / 256), ceil(ny / CONVOLVE_ROWS)]. */
export const convolveQuads = defineKernel({
  label: "source_catalog/convolve_quads",
  url: new URL("./convolve_quads.wgsl", import.meta.url),
  bindings: {
    params: uniform({ ...meshFields, nx: "u32", ny: "u32", snr: "f32", centre: "f32", taps: "vec4f" }),
    data: storage("read"),
    mask: storage("read"),
    mesh: storage("read"),
    detection: storage("read_write"),
    labels: storage("read_write"),
  },
  constants: ["RADIUS"],
});
