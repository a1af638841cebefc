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

export interface ImageSize {
  readonly nx: number;
  readonly ny: number;
}

/** A mesh on the device: spline coefficients of (background, rms) less their pivot. */
export interface DeviceMesh {
  readonly params: MeshParams;
  readonly mesh: DeviceBuffer;
}

/** Whether rows can be read four pixels at a time. */
function inQuads(nx: number): boolean {
  return nx % 4 === 0;
}

/** Record the subtraction of the background: masked pixels keep their data. Returns what to free once submitted. */
export function recordSubtraction(
  gpu: Gpu,
  rec: Recorder,
  { nx, ny }: ImageSize,
  { params, mesh }: DeviceMesh,
  planes: { readonly data: DeviceBuffer; readonly mask: DeviceBuffer; readonly subtracted: DeviceBuffer },
): DeviceBuffer[] {
  if (!inQuads(nx) || params.boxWidth < 4) {
    rec.run(backgroundSubtract, { params: { ...params, nx, y0: 0 }, ...planes, mesh }, [
      Math.ceil(nx / 1024),
      ny,
    ]);
    return [];
  }
  const lines = gpu.alloc("background lines", 4 * ny * (params.meshNx + 5));
  rec.run(backgroundLines, { params: { ...params, ny }, mesh, lines }, [Math.ceil(ny / 64)]);
  const groups = [Math.ceil(nx / 256), Math.ceil(ny / SUBTRACT_ROWS)] as const;
  rec.run(backgroundSubtractQuads, { params: { ...params, nx, ny }, ...planes, lines }, groups);
  return [lines];
}

/**
 * Record the detection image of background-subtracted data, and each pixel's own index, or 0xffffffff, as its label. Returns what
 * to free once submitted.
 */
export function recordConvolution(
  gpu: Gpu,
  rec: Recorder,
  { nx, ny }: ImageSize,
  { params, mesh }: DeviceMesh,
  planes: {
    readonly data: DeviceBuffer;
    readonly mask: DeviceBuffer;
    readonly detection: DeviceBuffer;
    readonly labels: DeviceBuffer;
  },
  { fwhm, snr }: { readonly fwhm: number; readonly snr: number },
): DeviceBuffer[] {
  const gaussian = gaussianTaps(fwhm);
  const RADIUS = (gaussian.length - 1) / 2;
  if (inQuads(nx) && RADIUS <= MAX_QUADS_RADIUS) {
    const at = (distance: number): number => gaussian[RADIUS + distance] ?? 0;
    const kernel = { centre: at(0), taps: [at(1), at(2), at(3), at(4)] as const };
    const groups = [Math.ceil(nx / 256), Math.ceil(ny / CONVOLVE_ROWS)] as const;
    rec.run(convolveQuads, { params: { ...params, nx, ny, snr, ...kernel }, ...planes, mesh }, groups, {
      RADIUS,
    });
    return [];
  }
  const taps = gpu.upload("smoothing kernel", Float32Array.from(gaussian));
  rec.run(
    convolve,
    { params: { ...params, nx, ny, snr }, ...planes, mesh, taps },
    [Math.ceil(nx / 32), Math.ceil(ny / 32)],
    { RADIUS, ROWS: 32 + 2 * RADIUS },
  );
  return [taps];
}
