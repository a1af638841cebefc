import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import { WINDOW_WORDS } from "../../shaders/source_catalog/measure.js";
import type { Detection } from "./types.js";

/** What is measured: the planes of a detection, and the mosaic's weight where there is one. */
export interface MeasureImages extends Pick<
  Detection,
  "nx" | "ny" | "data" | "err" | "mask" | "detection" | "segmentation" | "nLabels"
> {
  readonly weight?: DeviceBuffer;
}

const GROUPS_X = 32768;

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
export function splitCentre(value: number): [whole: number, rest: number] {
  if (!Number.isFinite(value)) return [-1000, 0];
  const whole = Math.round(value);
  return [whole, value - whole];
}

/** (whole x, whole y, rest x, rest y) of each position, four f32 a source. */
export function packCentres(x: ArrayLike<number>, y: ArrayLike<number>): Float32Array {
  const packed = new Float32Array(4 * x.length);
  for (let i = 0; i < x.length; i++) {
    const [wholeX, restX] = splitCentre(x[i]);
    const [wholeY, restY] = splitCentre(y[i]);
    packed.set([wholeX, wholeY, restX, restY], 4 * i);
  }
  return packed;
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
export function packWindows(windows: readonly (SourceWindow | undefined)[]): Uint8Array {
  const buffer = new ArrayBuffer(4 * WINDOW_WORDS * windows.length);
  const floats = new Float32Array(buffer);
  const integers = new Int32Array(buffer);
  windows.forEach((window, i) => {
    if (!window) return;
    const at = WINDOW_WORDS * i;
    floats.set(packCentres([window.x], [window.y]), at);
    integers.set(window.bounds, at + 4);
    floats.set(window.shape, at + 8);
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
