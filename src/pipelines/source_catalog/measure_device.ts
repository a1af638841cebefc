import type { Constants, DeviceBuffer, DeviceKind, Gpu } from "../../gpu/index.js";
import { WINDOW_WORDS } from "../../shaders/source_catalog/measure.js";

/** Where a part lies in the image. */
export interface Frame {
  /** The image's pixel that the part begins with. */
  readonly x0: number;
  readonly y0: number;
  /** Size of the image. */
  readonly nx: number;
  readonly ny: number;
}

/** What is measured: planes of an image, or of a part of it, row-major, f32, index = y * nx + x. Positions are the image's, 0-based centres. */
export interface MeasureImages {
  readonly nx: number;
  readonly ny: number;
  /** Data less background; unchanged where masked, so NaN where the mosaic is. */
  readonly data: DeviceBuffer;
  readonly err: DeviceBuffer;
  /** One bit a pixel (`//!include shared/mask.wgsl`). */
  readonly mask: DeviceBuffer;
  readonly detection: DeviceBuffer;
  /** u32: labels, 0 where there is no source. */
  readonly segmentation: DeviceBuffer;
  /** Number of sources that are measured. */
  readonly nLabels: number;
  /** Their labels; 1..nLabels where they are not given. */
  readonly labels?: Uint32Array;
  /** Absent where the part is the whole image. */
  readonly frame?: Frame;
  /** Sources (by their place in `labels`) whose pixels the part does not hold are not measured but added to these. */
  readonly missed?: Set<number>;
}

export function frameOf({ frame, nx, ny }: Pick<MeasureImages, "frame" | "nx" | "ny">): Frame {
  return frame ?? { x0: 0, y0: 0, nx, ny };
}

/** Labels of the sources to measure. */
export function labelsOf({ labels, nLabels }: Pick<MeasureImages, "labels" | "nLabels">): Uint32Array {
  return labels ?? Uint32Array.from({ length: nLabels }, (_, i) => i + 1);
}

/**
 * Whether a part holds pixels of the image (columns x0 <= x < x1, rows y0 <= y < y1; what lies beyond the image does not count). Where
 * it does not, source `i` is noted.
 */
export function holds(
  images: Pick<MeasureImages, "frame" | "nx" | "ny" | "missed">,
  i: number,
  [x0, x1, y0, y1]: readonly [number, number, number, number],
): boolean {
  const { frame, nx, ny, missed } = images;
  if (!frame) return true;
  const inside = (low: number, high: number, start: number, size: number, all: number): boolean =>
    Math.max(low, 0) >= start && Math.min(high, all) <= start + size;
  const held =
    x1 <= 0 || y1 <= 0 || x0 >= frame.nx || y0 >= frame.ny
      ? true
      : inside(x0, x1, frame.x0, nx, frame.nx) && inside(y0, y1, frame.y0, ny, frame.ny);
  if (!held) missed?.add(i);
  return held;
}

const GROUPS_X = 32768;
/**
 * Threads of a source. A software driver takes them 8 or 4 at a time, waits at each barrier for all, and few have pixels to themselves: with 64
 * the kernels take 1.3 (apertures) to 3 (windowed centroids) times as long on lavapipe, 2 to 5 times on SwiftShader.
 */
const THREADS = { hardware: 32, lavapipe: 8, swiftshader: 8 } as const;

/** What the kernels with one workgroup a source are compiled with. */
export function sourceConstants(kind: DeviceKind): Constants {
  return { THREADS: THREADS[kind] };
}

/** One workgroup a source, in two dimensions. */
export function sourceGroups(sources: number): { groups_x: number; groups: [number, number] } {
  const groups_x = Math.min(sources, GROUPS_X);
  return { groups_x, groups: [groups_x, Math.ceil(sources / Math.max(groups_x, 1))] };
}

/** Groups of a kernel with one thread a source, 64 a group. */
export function threadGroups(sources: number): [number, number] {
  return sourceGroups(Math.ceil(sources / 64)).groups;
}

/** Run `work` with buffers that are freed afterwards, also when it throws. */
export async function withBuffers<T>(
  gpu: Gpu,
  work: (own: {
    upload(label: string, data: ArrayBufferView): DeviceBuffer;
    alloc(label: string, bytes: number): DeviceBuffer;
  }) => Promise<T>,
): Promise<T> {
  const held: DeviceBuffer[] = [];
  const keep = (buffer: DeviceBuffer): DeviceBuffer => {
    held.push(buffer);
    return buffer;
  };
  try {
    return await work({
      upload: (label, data) => keep(gpu.upload(label, data)),
      alloc: (label, bytes) => keep(gpu.alloc(label, bytes)),
    });
  } finally {
    for (const buffer of held) buffer.free();
  }
}

/** A coordinate as whole pixels and the rest, so that f32 keeps it: NaN goes to -1000, where nothing is (as in romancal). */
function splitCentre(value: number): [whole: number, rest: number] {
  if (!Number.isFinite(value)) return [-1000, 0];
  const whole = Math.round(value);
  return [whole, value - whole];
}

/** (whole x, whole y, rest x, rest y) of each position, four f32 a source; whole pixels from the frame's first. */
export function packCentres(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { x0, y0 }: Pick<Frame, "x0" | "y0">,
): Float32Array {
  const packed = new Float32Array(4 * x.length);
  for (let i = 0; i < x.length; i++) packCentre(packed, 4 * i, x[i], y[i], x0, y0);
  return packed;
}

function packCentre(to: Float32Array, at: number, x: number, y: number, x0: number, y0: number): void {
  const [wholeX, restX] = splitCentre(x);
  const [wholeY, restY] = splitCentre(y);
  to[at] = wholeX - x0;
  to[at + 1] = wholeY - y0;
  to[at + 2] = restX;
  to[at + 3] = restY;
}

/** A source's window for window.wgsl. */
export interface SourceWindow {
  readonly x: number;
  readonly y: number;
  /** First and past-the-last column, first and past-the-last row, clipped to the image. */
  readonly bounds: readonly [number, number, number, number];
  readonly shape: readonly number[];
}

/** Windows of all sources, `undefined` for those not to be measured. */
export function packWindows(
  windows: readonly (SourceWindow | undefined)[],
  labels: Uint32Array,
  { x0, y0 }: Frame,
): Uint8Array {
  const buffer = new ArrayBuffer(4 * WINDOW_WORDS * windows.length);
  const floats = new Float32Array(buffer);
  const integers = new Int32Array(buffer);
  windows.forEach((window, i) => {
    if (!window) return;
    const at = WINDOW_WORDS * i;
    const [left, right, low, high] = window.bounds;
    packCentre(floats, at, window.x, window.y, x0, y0);
    integers.set([left - x0, right - x0, low - y0, high - y0], at + 4);
    floats.set(window.shape, at + 8);
    integers[at + 12] = labels[i];
  });
  return new Uint8Array(buffer);
}

/** The pixels that can lie within `reachX`, `reachY` of a centre: whole columns and rows, before clipping; ends are past the last. */
export function clippedBounds(
  low: readonly [number, number],
  high: readonly [number, number],
  nx: number,
  ny: number,
): [number, number, number, number] | undefined {
  const bounds: [number, number, number, number] = [
    Math.max(low[0], 0),
    Math.min(high[0], nx),
    Math.max(low[1], 0),
    Math.min(high[1], ny),
  ];
  const largest = Math.max(nx * ny, 1_000_000); // photutils' guard against apertures that no memory holds
  if ((high[0] - low[0]) * (high[1] - low[1]) > largest) return undefined;
  return bounds[0] < bounds[1] && bounds[2] < bounds[3] ? bounds : undefined;
}
