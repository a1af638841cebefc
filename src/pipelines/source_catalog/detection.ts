import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import { UserError } from "../../host/errors.js";
import { splineCoefficients } from "../../host/numerics/zoom_spline.js";
import { backgroundMask } from "../../shaders/source_catalog/background.js";
import { MAX_RADIUS } from "../../shaders/source_catalog/convolve.js";
import type { RunContext } from "../context.js";
import { backgroundMesh } from "./background.js";
import { deblendSegments } from "./deblend.js";
import { recordConvolution, recordSubtraction } from "./detection_image.js";
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
  const prepared = await prepareDetection(gpu, mosaic, options);
  if (prepared.emptyReason) return prepared;
  const { nx, ny, segmentation, detection } = prepared;
  let nLabels = await labelComponents(gpu, segmentation, nx, ny, options.npixels);
  if (options.deblend && nLabels)
    nLabels = await deblendSegments(gpu, { nx, ny, detection, segmentation, nLabels }, options.npixels);
  log.info(`Detected ${nLabels} sources`);
  return { ...prepared, nLabels, emptyReason: nLabels ? undefined : "No sources were detected." };
}

/**
 * Mask, background and detection image; `segmentation` holds what labelComponents takes. With `emptyReason` where all is masked.
 * Throws UserError for an option out of range.
 */
export async function prepareDetection(
  gpu: Gpu,
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
    return emptyDetection(gpu, mosaic, mask, "All pixels are masked.");
  }
  return detectionImage(gpu, mosaic, mask, mesh, options);
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

function detectionImage(
  gpu: Gpu,
  { data: input, err, nx, ny }: MosaicPlanes,
  mask: DeviceBuffer,
  mesh: BackgroundMesh,
  options: DetectOptions,
): Detection {
  const bytes = 4 * nx * ny;
  const data = gpu.alloc("background-subtracted data", bytes);
  const detection = gpu.alloc("detection image", bytes);
  const segmentation = gpu.alloc("segmentation image", bytes);
  const spline = gpu.upload("background spline", meshCoefficients(mesh));
  const onDevice = { params: meshUniforms(mesh), mesh: spline };
  const rec = gpu.recorder("detection image");
  const scratch = recordSubtraction(gpu, rec, { nx, ny }, onDevice, { data: input, mask, subtracted: data });
  const smoothing = { fwhm: options.kernel_fwhm, snr: options.snr_threshold };
  const planes = { data, mask, detection, labels: segmentation };
  scratch.push(...recordConvolution(gpu, rec, { nx, ny }, onDevice, planes, smoothing));
  rec.submit();
  for (const buffer of [spline, ...scratch]) buffer.free();
  return { nx, ny, data, err, mask, detection, segmentation, nLabels: 0, background: mesh };
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
