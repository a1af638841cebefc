import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import { UserError } from "../../host/errors.js";
import { gaussianTaps } from "../../host/numerics/gaussian_kernel.js";
import { splineCoefficients } from "../../host/numerics/zoom_spline.js";
import { backgroundMask, backgroundSubtract } from "../../shaders/source_catalog/background.js";
import { convolve, MAX_RADIUS } from "../../shaders/source_catalog/convolve.js";
import type { RunContext } from "../context.js";
import { backgroundMesh } from "./background.js";
import { deblendSegments } from "./deblend.js";
import { flatGroups, labelComponents } from "./label.js";
import type { BackgroundMesh, DetectOptions, Detection, EmptyReason, MosaicPlanes } from "./types.js";

/**
 * Find the sources of a mosaic: romancal 1.0.1 source_catalog (source_catalog_step.py, _background.py, _detection.py):
 * background mesh and its rms, Gaussian smoothing that leaves out masked pixels, pixels above snr_threshold * rms,
 * 8-connected components of at least npixels pixels, numbered in raster order of their first pixel; overlapping ones separated
 * where `deblend` asks for it.
 * Nothing of the mosaic is changed. Throws UserError for an option out of range.
 */
export async function detectSources(
  { gpu, log }: Pick<RunContext, "gpu" | "log">,
  mosaic: MosaicPlanes,
  options: DetectOptions,
): Promise<Detection> {
  checkDetectOptions(options);
  const { data, err, nx, ny } = mosaic;
  const count = nx * ny;
  const mask = gpu.alloc("coverage mask", 4 * Math.ceil(count / 32));
  gpu
    .recorder("coverage mask")
    .run(backgroundMask, { params: { count }, data, err, mask }, flatGroups(count))
    .submit();
  const mesh = await backgroundMesh(gpu, { data, mask, nx, ny }, options.bkg_boxsize);
  if (!mesh) {
    log.warn("Cannot create source catalog. All pixels are masked.");
    return emptyDetection(gpu, mosaic, mask, "All pixels are masked.");
  }
  const found = await detectOnMesh(gpu, mosaic, mask, mesh, options);
  log.info(`Detected ${found.nLabels} sources`);
  return found;
}

/** Hand back the buffers that detectSources made. */
export function freeDetection({ data, mask, detection, segmentation }: Detection): void {
  for (const buffer of [data, mask, detection, segmentation]) buffer.free();
}

/** Throws UserError, naming the option, where a value is out of range. */
export function checkDetectOptions(options: DetectOptions): void {
  const demand = (good: boolean, name: keyof DetectOptions, expected: string): void => {
    if (!good)
      throw new UserError(`source_catalog.${name}: expected ${expected}, got ${String(options[name])}`);
  };
  const { bkg_boxsize, kernel_fwhm, snr_threshold, npixels } = options;
  const widest = (2 * MAX_RADIUS + 1) / 3;
  demand(Number.isInteger(bkg_boxsize) && bkg_boxsize > 0, "bkg_boxsize", "a positive number of pixels");
  demand(kernel_fwhm > 0 && kernel_fwhm <= widest, "kernel_fwhm", `0 < pixels <= ${widest.toFixed(2)}`);
  demand(Number.isFinite(snr_threshold), "snr_threshold", "a number");
  demand(Number.isInteger(npixels) && npixels > 0, "npixels", "a positive whole number");
}

async function detectOnMesh(
  gpu: Gpu,
  { data: input, err, nx, ny }: MosaicPlanes,
  mask: DeviceBuffer,
  mesh: BackgroundMesh,
  options: DetectOptions,
): Promise<Detection> {
  const bytes = 4 * nx * ny;
  const data = gpu.alloc("background-subtracted data", bytes);
  const detection = gpu.alloc("detection image", bytes);
  const segmentation = gpu.alloc("segmentation image", bytes);
  const spline = gpu.upload("background spline", meshCoefficients(mesh));
  const gaussian = gaussianTaps(options.kernel_fwhm);
  const taps = gpu.upload("smoothing kernel", Float32Array.from(gaussian));
  const RADIUS = (gaussian.length - 1) / 2;
  const meshParams = meshUniforms(mesh);
  const rec = gpu.recorder("detection image");
  rec.run(
    backgroundSubtract,
    { params: { ...meshParams, nx, y0: 0 }, data: input, mask, mesh: spline, subtracted: data },
    [Math.ceil(nx / 1024), ny],
  );
  rec.run(
    convolve,
    {
      params: { ...meshParams, nx, ny, snr: options.snr_threshold },
      data,
      mask,
      mesh: spline,
      taps,
      detection,
      labels: segmentation,
    },
    [Math.ceil(nx / 32), Math.ceil(ny / 32)],
    { RADIUS, ROWS: 32 + 2 * RADIUS },
  );
  rec.submit();
  spline.free();
  taps.free();
  let nLabels = await labelComponents(gpu, segmentation, nx, ny, options.npixels);
  if (options.deblend && nLabels)
    nLabels = await deblendSegments(gpu, { nx, ny, detection, segmentation, nLabels }, options.npixels);
  const emptyReason = nLabels ? undefined : ("No sources were detected." as const);
  return { nx, ny, data, err, mask, detection, segmentation, nLabels, emptyReason, background: mesh };
}

/** Spline coefficients of (background, rms), each less its pivot, so that f32 holds what varies. */
export function meshCoefficients({ nx, ny, background, rms }: BackgroundMesh): Float32Array {
  const less = (values: Float32Array): Float64Array =>
    splineCoefficients(
      Float64Array.from(values, (value) => value - values[0]),
      nx,
      ny,
    );
  const [first, second] = [less(background), less(rms)];
  return Float32Array.from({ length: 2 * nx * ny }, (_, i) => (i % 2 ? second : first)[i >> 1]);
}

/** The uniform fields by which background_zoom.wgsl evaluates a mesh. */
export function meshUniforms({ nx, ny, box, background, rms }: BackgroundMesh) {
  const pair = (pick: (values: Float32Array) => number): [number, number] => [pick(background), pick(rms)];
  return {
    pivot: pair((values) => values[0]),
    low: pair((values) => values.reduce((a, b) => Math.min(a, b))),
    high: pair((values) => values.reduce((a, b) => Math.max(a, b))),
    meshNx: nx,
    meshNy: ny,
    boxWidth: box[1],
    boxHeight: box[0],
  };
}

function emptyDetection(
  gpu: Gpu,
  { err, nx, ny, data: input }: MosaicPlanes,
  mask: DeviceBuffer,
  emptyReason: EmptyReason,
): Detection {
  const bytes = 4 * nx * ny;
  const data = gpu.alloc("background-subtracted data", bytes);
  const detection = gpu.alloc("detection image", bytes);
  const segmentation = gpu.alloc("segmentation image", bytes);
  gpu.recorder("empty detection").copy(input, data, bytes).clear(detection).clear(segmentation).submit();
  const none = new Float32Array(0);
  const background = { nx: 0, ny: 0, box: [ny, nx] as const, background: none, rms: none };
  return { nx, ny, data, err, mask, detection, segmentation, nLabels: 0, emptyReason, background };
}
