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
