import { defineKernel, storage, uniform } from "../../gpu/index.js";

/** Aperture flux and pixel count of each source, into the Fit structs; 64 sources a group. */
export const psfStart = defineKernel({
  label: "source_catalog/psf_start",
  url: new URL("./psf_start.wgsl", import.meta.url),
  bindings: {
    params: uniform({ nx: "u32", ny: "u32", sources: "u32", scale: "f32" }),
    data: storage("read"),
    mask: storage("read"),
    sources: storage("read"),
    fits: storage("read_write"),
  },
});

/**
 * Fit `groups` groups of sources with a PSF, from `first_group` on, one thread a group, from what psfStart left in `fits`. SINGLE: they are of one
 * source each. Coefficients of the spline by fours, each four from one coefficient on. Layouts of the buffers are the structs of psf_fit.wgsl. Scratch words of
 * a group of k sources: `psfScratchWords(k)`; its first 9 k^2 words hold on return the lower half of the normal matrix
 * (row-major; per source flux, x, y) at the solution.
 */
export const psfFit = defineKernel({
  label: "source_catalog/psf_fit",
  url: new URL("./psf_fit.wgsl", import.meta.url),
  constants: ["SINGLE"],
  bindings: {
    params: uniform({
      nx: "u32",
      ny: "u32",
      groups: "u32",
      stamp: "u32",
      oversampling: "f32",
      scale: "f32",
      first_group: "u32",
      first_x: "i32",
      first_y: "i32",
    }),
    data: storage("read"),
    err: storage("read"),
    mask: storage("read"),
    spline: storage("read"),
    sources: storage("read"),
    groups: storage("read"),
    scratch: storage("read_write"),
    fits: storage("read_write"),
  },
});

/** 32-bit words of a Source, a Group and a Fit. */
export const PSF_SOURCE_WORDS = 4;
export const PSF_GROUP_WORDS = 4;
export const PSF_FIT_WORDS = 6;

/** Edge of the box of pixels a source is fitted on. */
export const PSF_FIT_BOX = 5;

export function psfScratchWords(sources: number): number {
  const n = 3 * sources;
  return 2 * n * n + 5 * n;
}
