import type { DeviceBuffer, Gpu, Recorder } from "../../gpu/index.js";
import { gaussianTaps } from "../../host/numerics/gaussian_kernel.js";
import {
  backgroundLines,
  backgroundSubtract,
  backgroundSubtractQuads,
  SUBTRACT_ROWS,
} from "../../shaders/source_catalog/background.js";
import {
  convolve,
  CONVOLVE_ROWS,
  convolveQuads,
  MAX_QUADS_RADIUS,
} from "../../shaders/source_catalog/convolve.js";
import type { Part } from "./parts.js";

/** How background_zoom.wgsl evaluates a mesh. */
interface MeshParams {
  readonly pivot: readonly [number, number];
  readonly low: readonly [number, number];
  readonly high: readonly [number, number];
  readonly meshNx: number;
  readonly meshNy: number;
  readonly boxWidth: number;
  readonly boxHeight: number;
}

/** A mesh on the device: spline coefficients of (background, rms) less their pivot. */
export interface DeviceMesh {
  readonly params: MeshParams;
  readonly mesh: DeviceBuffer;
  /** Whether the image's columns, and so those of each part, come in fours. */
  readonly quads: boolean;
}

/** Record the subtraction of the background from a part of the image; masked pixels keep their data. Returns what to free once submitted. */
export function recordSubtraction(
  gpu: Gpu,
  rec: Recorder,
  { nx, ny, x0, y0 }: Part,
  { params, mesh, quads }: DeviceMesh,
  planes: { readonly data: DeviceBuffer; readonly mask: DeviceBuffer; readonly subtracted: DeviceBuffer },
): DeviceBuffer[] {
  if (!quads || params.boxWidth < 4) {
    rec.run(backgroundSubtract, { params: { ...params, nx, x0, y0 }, ...planes, mesh }, [
      Math.ceil(nx / 1024),
      ny,
    ]);
    return [];
  }
  const lines = gpu.alloc("background lines", 4 * ny * (params.meshNx + 5));
  rec.run(backgroundLines, { params: { ...params, ny, y0 }, mesh, lines }, [Math.ceil(ny / 64)]);
  const groups = [Math.ceil(nx / 256), Math.ceil(ny / SUBTRACT_ROWS)] as const;
  rec.run(backgroundSubtractQuads, { params: { ...params, nx, ny, x0 }, ...planes, lines }, groups);
  return [lines];
}

/** Pixels each side of one that its detection image is made of. */
export function smoothingRadius(fwhm: number): number {
  return (gaussianTaps(fwhm).length - 1) / 2;
}

/**
 * Record the detection image of `rows` of a part's background-subtracted data, rows of the part; and where they are given the label
 * (its place among those rows) and the seed bit of each pixel above the threshold, 0 elsewhere. Returns what to free once submitted.
 */
export function recordConvolution(
  gpu: Gpu,
  rec: Recorder,
  { nx, ny, x0, y0 }: Part,
  { params: mesh, mesh: coefficients, quads }: DeviceMesh,
  planes: {
    readonly data: DeviceBuffer;
    readonly mask: DeviceBuffer;
    readonly detection: DeviceBuffer;
    readonly labels?: DeviceBuffer;
    readonly seeds?: DeviceBuffer;
  },
  { fwhm, snr }: { readonly fwhm: number; readonly snr: number },
  rows = { first: 0, count: ny },
): DeviceBuffer[] {
  const gaussian = gaussianTaps(fwhm);
  const RADIUS = (gaussian.length - 1) / 2;
  const LABELS = planes.labels !== undefined && planes.seeds !== undefined;
  const scratch: DeviceBuffer[] = [];
  const nothing = (): DeviceBuffer => {
    const buffer = gpu.alloc("no labels", 16);
    scratch.push(buffer);
    return buffer;
  };
  const { labels = nothing(), seeds = nothing() } = planes;
  if (LABELS) rec.clear(labels, 0, 4 * nx * rows.count).clear(seeds);
  const params = { ...mesh, nx, ny, x0, y0, skip: rows.first, rows: rows.count, snr };
  const bound = { ...planes, labels, seeds, mesh: coefficients };
  if (quads && RADIUS <= MAX_QUADS_RADIUS) {
    const at = (distance: number): number => gaussian[RADIUS + distance] ?? 0;
    const kernel = { centre: at(0), taps: [at(1), at(2), at(3), at(4)] as const };
    const groups = [Math.ceil(nx / 256), Math.ceil(rows.count / CONVOLVE_ROWS)] as const;
    rec.run(convolveQuads, { params: { ...params, ...kernel }, ...bound }, groups, { RADIUS, LABELS });
    return scratch;
  }
  const taps = gpu.upload("smoothing kernel", Float32Array.from(gaussian));
  const groups = [Math.ceil(nx / 32), Math.ceil(rows.count / 32)] as const;
  rec.run(convolve, { params, ...bound, taps }, groups, { RADIUS, ROWS: 32 + 2 * RADIUS, LABELS });
  return [...scratch, taps];
}
