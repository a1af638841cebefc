import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import {
  halfLight,
  KRON_FLUX_STRIDE,
  kronFlux,
  kronRadius,
  WINDOWED_STRIDE,
  windowedCentroid,
} from "../../shaders/source_catalog/measure.js";
import {
  clippedBounds,
  frameOf,
  holds,
  labelsOf,
  type MeasureImages,
  packWindows,
  sourceConstants,
  sourceGroups,
  type SourceWindow,
  withBuffers,
} from "./measure_device.js";
import type { SegmentMeasures } from "./measure_segments.js";
import type { Shape } from "./measure_shapes.js";

/** (scale, least unscaled radius, least circular radius) of the Kron aperture. */
export const KRON_PARAMS = [2.5, 1.4, 0.0] as const;
const MEASURE_SCALE = 6;
const FWHM_TO_SIGMA = 1 / (2 * Math.sqrt(2 * Math.LN2));
const LEAST_HALF_LIGHT = 0.5;
const DEGREE = Math.PI / 180;

/** Kron radius (in units of the second-moment ellipse) and photometry; NaN where there is none. */
export interface KronMeasures {
  readonly radius: Float64Array;
  readonly flux: Float64Array;
  readonly fluxError: Float64Array;
}

export interface WindowedMeasures {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

type Segments = Pick<SegmentMeasures, "x" | "y" | "shapes" | "area">;

function usable(segments: Segments, i: number): boolean {
  const { semimajor, semiminor, orientation } = segments.shapes[i];
  return (
    segments.area[i] > 0 &&
    [segments.x[i], segments.y[i], semimajor, semiminor, orientation].every(Number.isFinite)
  );
}

/** Half width and half height of an ellipse's bounding box. */
function extent(a: number, b: number, orientation: number): [number, number] {
  const [cos, sin] = [Math.cos(orientation * DEGREE), Math.sin(orientation * DEGREE)];
  return [Math.hypot(a * cos, b * sin), Math.hypot(a * sin, b * cos)];
}

/** Pixels of a box of half sizes (w, h) about source i's centre. */
function boundsAbout(
  images: MeasureImages,
  segments: Segments,
  i: number,
  [w, h]: readonly [number, number],
): SourceWindow["bounds"] | undefined {
  const [x, y] = [segments.x[i], segments.y[i]];
  const { nx, ny } = frameOf(images);
  const bounds = clippedBounds(
    [Math.floor(x - w + 0.5), Math.floor(y - h + 0.5)],
    [Math.ceil(x + w + 0.5), Math.ceil(y + h + 0.5)],
    nx,
    ny,
  );
  return bounds && holds(images, i, bounds) ? bounds : undefined;
}

/** Run a kernel over windows and read `stride` f32 words a source. */
async function runWindows(
  gpu: Gpu,
  images: MeasureImages,
  windows: readonly (SourceWindow | undefined)[],
  stride: number,
  run: (buffers: {
    windows: DeviceBuffer;
    out: DeviceBuffer;
    sources: number;
    groups_x: number;
    groups: [number, number];
  }) => void,
): Promise<Float32Array> {
  const sources = windows.length;
  return withBuffers(gpu, async (own) => {
    const out = own.alloc("window results", 4 * stride * sources);
    run({
      windows: own.upload("source windows", packWindows(windows, labelsOf(images), frameOf(images))),
      out,
      sources,
      ...sourceGroups(sources),
    });
    return gpu.read(out, Float32Array, 0, stride * sources);
  });
}

/**
 * Kron radius and flux as photutils 3.1.1 SourceCatalog has them with aperture_mask_method "mask" and kron_params (2.5, 1.4, 0):
 * masked pixels and those of other segments don't count.
 */
export async function measureKron(
  gpu: Gpu,
  images: MeasureImages,
  segments: Segments,
): Promise<KronMeasures> {
  const radius = await measureKronRadius(gpu, images, segments);
  const { nx, data, err, mask, segmentation } = images;
  const windows = segments.shapes.map((shape, i): SourceWindow | undefined => {
    if (!usable(segments, i) || !Number.isFinite(radius[i])) return undefined;
    const [a, b] = [shape.semimajor, shape.semiminor].map((axis) => axis * radius[i] * KRON_PARAMS[0]);
    const bounds = boundsAbout(images, segments, i, extent(a, b, shape.orientation));
    const angle = shape.orientation * DEGREE;
    return (
      bounds && {
        x: segments.x[i],
        y: segments.y[i],
        bounds,
        shape: [a, b, Math.cos(angle), Math.sin(angle)],
      }
    );
  });
  const found = await runWindows(gpu, images, windows, KRON_FLUX_STRIDE, (own) => {
    const params = { nx, sources: own.sources, groups_x: own.groups_x, zero: 0 };
    gpu
      .recorder("source_catalog: kron flux")
      .run(
        kronFlux,
        { params, data, err, mask, segmentation, windows: own.windows, out: own.out },
        own.groups,
        sourceConstants(gpu.info.kind),
      )
      .submit();
  });
  const counts = new Uint32Array(found.buffer);
  const value = (of: (base: number) => number) =>
    Float64Array.from(windows, (window, i) => {
      const base = KRON_FLUX_STRIDE * i;
      return window && counts[base + 4] ? of(base) : NaN;
    });
  return {
    radius,
    flux: value((base) => found[base] + found[base + 1]),
    fluxError: value((base) => Math.sqrt(found[base + 2] + found[base + 3])),
  };
}

async function measureKronRadius(gpu: Gpu, images: MeasureImages, segments: Segments): Promise<Float64Array> {
  const { nx, data, mask, segmentation } = images;
  const windows = segments.shapes.map((shape, i): SourceWindow | undefined => {
    if (!usable(segments, i)) return undefined;
    const [a, b] = [shape.semimajor * MEASURE_SCALE, shape.semiminor * MEASURE_SCALE];
    const bounds = boundsAbout(images, segments, i, extent(a, b, shape.orientation));
    const { cxx, cxy, cyy } = shape;
    return bounds && { x: segments.x[i], y: segments.y[i], bounds, shape: [cxx, cxy, cyy, MEASURE_SCALE] };
  });
  const found = await runWindows(gpu, images, windows, 4, (own) => {
    const params = { nx, sources: own.sources, groups_x: own.groups_x, zero: 0 };
    gpu
      .recorder("source_catalog: kron radius")
      .run(
        kronRadius,
        { params, data, mask, segmentation, windows: own.windows, out: own.out },
        own.groups,
        sourceConstants(gpu.info.kind),
      )
      .submit();
  });
  return Float64Array.from(windows, (window, i) => {
    if (!window) return NaN;
    const first = found[4 * i] + found[4 * i + 1];
    const flux = found[4 * i + 2] + found[4 * i + 3];
    return adjustedRadius(first, flux);
  });
}

/** The least radius where the sums or the radius are too small; NaN beyond the ellipse it was measured in. */
function adjustedRadius(first: number, flux: number): number {
  if (first <= 0 || flux <= 0) return KRON_PARAMS[1];
  const radius = first / flux;
  return radius > MEASURE_SCALE ? NaN : Math.max(radius, KRON_PARAMS[1]);
}

/** Radius in pixels of the circle that holds `fraction` of the Kron flux; photutils 3.1.1 SourceCatalog.flux_radius. */
export async function measureFluxRadius(
  gpu: Gpu,
  images: MeasureImages,
  segments: Segments,
  kron: KronMeasures,
  fraction: number,
): Promise<Float64Array> {
  const { nx, data, mask, segmentation } = images;
  const windows = segments.shapes.map((shape, i): SourceWindow | undefined => {
    const greatest = shape.semimajor * kron.radius[i] * KRON_PARAMS[0];
    const flux = kron.flux[i];
    if (!usable(segments, i) || !Number.isFinite(greatest) || !Number.isFinite(flux) || flux === 0)
      return undefined;
    const bounds = boundsAbout(images, segments, i, [greatest, greatest]);
    return bounds && { x: segments.x[i], y: segments.y[i], bounds, shape: [flux * fraction, greatest, 0, 0] };
  });
  const found = await runWindows(gpu, images, windows, 1, (own) => {
    const params = { nx, sources: own.sources, groups_x: own.groups_x, zero: 0 };
    gpu
      .recorder("source_catalog: flux radius")
      .run(
        halfLight,
        { params, data, mask, segmentation, windows: own.windows, out: own.out },
        own.groups,
        sourceConstants(gpu.info.kind),
      )
      .submit();
  });
  return Float64Array.from(windows, (window, i) => (window ? found[i] : NaN));
}

/**
 * Centroids under a Gaussian of sigma 2 / 2.355 half-light radii; photutils 3.1.1 SourceCatalog.centroid_win. Falls back to the
 * isophotal centroid where the iteration strays or its moments are none; NaN where there is no half-light radius.
 */
export async function measureWindowed(
  gpu: Gpu,
  images: MeasureImages,
  segments: Segments,
  halfLightRadius: Float64Array,
): Promise<WindowedMeasures> {
  const { nx, ny, data, mask, segmentation } = images;
  const frame = frameOf(images);
  const largest = Math.max(frame.nx * frame.ny, 1_000_000);
  const windows = segments.shapes.map((_shape, i): SourceWindow | undefined => {
    const [x, y] = [segments.x[i], segments.y[i]];
    const sigma = 2 * Math.max(halfLightRadius[i], LEAST_HALF_LIGHT) * FWHM_TO_SIGMA;
    const side = 2 * Math.floor(4 * sigma + 1.5) + 1;
    if (!(Number.isFinite(sigma) && Number.isFinite(x) && Number.isFinite(y) && side * side <= largest))
      return undefined;
    return { x, y, bounds: [frame.x0, frame.x0 + 1, frame.y0, frame.y0 + 1], shape: [sigma, 0, 0, 0] };
  });
  const found = await runWindows(gpu, images, windows, WINDOWED_STRIDE, (own) => {
    const low = [-frame.x0, -frame.y0] as const;
    const high = [frame.nx - frame.x0, frame.ny - frame.y0] as const;
    const params = { low, high, nx, ny, sources: own.sources, groups_x: own.groups_x, zero: 0 };
    gpu
      .recorder("source_catalog: windowed centroids")
      .run(
        windowedCentroid,
        { params, data, mask, segmentation, windows: own.windows, out: own.out },
        own.groups,
        sourceConstants(gpu.info.kind),
      )
      .submit();
  });
  const x = new Float64Array(windows.length);
  const y = new Float64Array(windows.length);
  windows.forEach((window, i) => {
    const result = found.subarray(WINDOWED_STRIDE * i, WINDOWED_STRIDE * (i + 1));
    if (window && result[6] !== 0) images.missed?.add(i);
    if (!Number.isFinite(halfLightRadius[i])) [x[i], y[i]] = [NaN, NaN];
    else if (!window || strayed(result, segments, i)) [x[i], y[i]] = [segments.x[i], segments.y[i]];
    else [x[i], y[i]] = [Math.round(window.x) + result[0], Math.round(window.y) + result[1]];
  });
  return { x, y };
}

function strayed(result: Float32Array, { x, y, shapes }: Segments, i: number): boolean {
  const [toX, toY, flux, xx, yy, xy] = result;
  const [dx, dy] = [x[i] - Math.round(x[i]) - toX, y[i] - Math.round(y[i]) - toY];
  const { cxx, cxy, cyy }: Shape = shapes[i];
  const outside = cxx * dx * dx + cxy * dx * dy + cyy * dy * dy > 1;
  return (
    (dx * dx > 1 && dy * dy > 1 && outside) ||
    flux <= 0 ||
    xx < 0 ||
    yy < 0 ||
    xx * yy - xy * xy < 0 ||
    Number.isNaN(dx) ||
    Number.isNaN(dy)
  );
}
