import { defineKernel, storage, uniform } from "../../gpu/index.js";
import { meshFields } from "./background.js";

const rows = { nx: "u32", ny: "u32", x0: "u32", y0: "u32", skip: "u32", rows: "u32" } as const;

/** Largest RADIUS of `convolve`: its lines must fit 32 KiB of workgroup memory. */
export const MAX_RADIUS = 48;

/**
 * Detection image of rows skip to skip + rows of a part of the image that begins at its pixel (x0, y0), and with LABELS labels and
 * seeds, zero before; RADIUS taps each side, ROWS = 32 + 2 * RADIUS; groups: [ceil(nx / 32), ceil(rows / 32)].
 */
export const convolve = defineKernel({
  label: "source_catalog/convolve",
  url: new URL("./convolve.wgsl", import.meta.url),
  bindings: {
    params: uniform({ ...meshFields, ...rows, snr: "f32" }),
    data: storage("read"),
    mask: storage("read"),
    mesh: storage("read"),
    taps: storage("read"),
    detection: storage("read_write"),
    labels: storage("read_write"),
    seeds: storage("read_write"),
  },
  constants: ["RADIUS", "ROWS", "LABELS"],
});

/** Largest RADIUS of `convolveQuads`. */
export const MAX_QUADS_RADIUS = 4;
/** Rows of pixels that one invocation of `convolveQuads` makes. */
export const CONVOLVE_ROWS = 32;

/** `convolve` for small kernels and nx a multiple of 4; groups: [ceil(nx / 256), ceil(rows / CONVOLVE_ROWS)]. */
export const convolveQuads = defineKernel({
  label: "source_catalog/convolve_quads",
  url: new URL("./convolve_quads.wgsl", import.meta.url),
  bindings: {
    params: uniform({ ...meshFields, ...rows, snr: "f32", centre: "f32", taps: "vec4f" }),
    data: storage("read"),
    mask: storage("read"),
    mesh: storage("read"),
    detection: storage("read_write"),
    labels: storage("read_write"),
    seeds: storage("read_write"),
  },
  constants: ["RADIUS", "LABELS"],
});
