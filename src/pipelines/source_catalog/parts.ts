import { DeviceBuffer, type Gpu } from "../../gpu/index.js";
import { bandsOf } from "../context.js";

/** Columns x0 <= x < x0 + nx and rows y0 <= y < y0 + ny of an image. */
export interface Part {
  readonly x0: number;
  readonly y0: number;
  readonly nx: number;
  readonly ny: number;
}

type HostArray = Float32Array | Uint32Array;

/** A plane whose rows are made when they are asked for: `count` whole rows from `first` on, good until more are asked for. */
export interface RowPlane<T extends HostArray = HostArray> {
  rows(first: number, count: number): T;
}

/** A plane of the whole image, row-major, where it lies: on the device, or on the host. */
export type Plane = DeviceBuffer | HostArray | RowPlane;

/** Rows that are worked on together, without and with what their sources reach into. */
export interface WorkBand {
  readonly y0: number;
  readonly ny: number;
  readonly part: Part;
}

/** Rows beside a band that sources in it reach into; one that reaches farther gets a part of its own. */
const MARGIN = 128;
const MARGIN_SHARE = 0.25;
/** Bytes a pixel of a part at most: data as read and less background, err, detection image, labels, areas of components, mask, seeds. */
const PART_BYTES = 22;
const MEMORY_SHARE = 0.9;
/** Pixels handed out at a time. */
const PIECE = 1 << 20;

/** Pixels that one part may have: as many as the device binds in a plane of 4 bytes a pixel, and holds of what is made of them. */
export function largestPart({ limits, memory }: Gpu): number {
  const held = (MEMORY_SHARE * memory.available) / PART_BYTES;
  return Math.floor(Math.min(limits.maxStorageBufferBindingSize / 4, held));
}

/**
 * The whole image where `rows` hold it; else bands that take no more rows with their margins, but for a row and `least` rows each
 * side that each band has.
 */
export function workBands(nx: number, ny: number, rows: number, least = 0): WorkBand[] {
  const most = Math.max(4, Math.floor(rows));
  if (ny <= most) return [{ y0: 0, ny, part: { x0: 0, y0: 0, nx, ny } }];
  const margin = Math.max(least, Math.min(MARGIN, Math.floor(MARGIN_SHARE * most)));
  const height = Math.max(1, most - 2 * margin);
  return Array.from({ length: Math.ceil(ny / height) }, (_, i) => {
    const y0 = i * height;
    const first = Math.max(0, y0 - margin);
    const end = Math.min(ny, y0 + height + margin);
    return { y0, ny: Math.min(height, ny - y0), part: { x0: 0, y0: first, nx, ny: end - first } };
  });
}

/**
 * The part of the image about columns left to right and rows low to high (inclusive), with `margin` pixels around; columns in fours,
 * as kernels take them.
 */
export function partAbout(
  [left, right, low, high]: ArrayLike<number> & Iterable<number>,
  margin: number,
  { nx, ny }: { readonly nx: number; readonly ny: number },
): Part {
  const x0 = Math.max(0, Math.floor((left - margin) / 4) * 4);
  const y0 = Math.max(0, low - margin);
  const x1 = Math.min(nx, Math.ceil((right + 1 + margin) / 4) * 4);
  const y1 = Math.min(ny, high + 1 + margin);
  return { x0, y0, nx: x1 - x0, ny: y1 - y0 };
}

export function isWhole(
  { x0, y0, nx, ny }: Part,
  image: { readonly nx: number; readonly ny: number },
): boolean {
  return x0 === 0 && y0 === 0 && nx === image.nx && ny === image.ny;
}

/** A part of a plane on the device; `free` it, which leaves a plane alone that was whole already. */
export async function cutPlane(
  gpu: Gpu,
  label: string,
  plane: Plane,
  image: { readonly nx: number; readonly ny: number },
  part: Part,
): Promise<{ readonly buffer: DeviceBuffer; readonly free: () => void }> {
  if (plane instanceof DeviceBuffer) {
    if (isWhole(part, image)) return { buffer: plane, free: () => undefined };
    const buffer = copyPart(gpu, label, plane, image.nx, part);
    return { buffer, free: () => buffer.free() };
  }
  const buffer = gpu.alloc(label, 4 * part.nx * part.ny);
  try {
    await gpu.fill(buffer, cutPieces(plane, image.nx, part));
  } catch (error) {
    buffer.free();
    throw error;
  }
  return { buffer, free: () => buffer.free() };
}

/** A part of a plane on the host, some rows after the other; a piece is good until the next is asked for. */
export async function* cutPieces(
  plane: HostArray | RowPlane,
  nx: number,
  part: Part,
): AsyncGenerator<Uint8Array> {
  for (const { y0, ny } of bandsOf(part.ny, Math.ceil(PIECE / nx))) {
    const rows = cutArray(plane as RowPlane, nx, { ...part, y0: part.y0 + y0, ny });
    yield await Promise.resolve(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
  }
}

/** A part of a plane on the host: a view, where it is whole rows of an array. */
export function cutArray<T extends HostArray>(plane: T | RowPlane<T>, nx: number, part: Part): T {
  const rows = ArrayBuffer.isView(plane)
    ? (plane.subarray(part.y0 * nx, (part.y0 + part.ny) * nx) as T)
    : plane.rows(part.y0, part.ny);
  if (part.nx === nx) return rows;
  const cut = rows.slice(0, part.nx * part.ny) as T;
  for (let y = 0; y < part.ny; y++) {
    const start = y * nx + part.x0;
    cut.set(rows.subarray(start, start + part.nx), y * part.nx);
  }
  return cut;
}

function copyPart(gpu: Gpu, label: string, plane: DeviceBuffer, nx: number, part: Part): DeviceBuffer {
  const buffer = gpu.alloc(label, 4 * part.nx * part.ny);
  const rec = gpu.recorder(label);
  if (part.nx === nx) rec.copy(plane, buffer, 4 * nx * part.ny, 4 * nx * part.y0);
  else
    for (let y = 0; y < part.ny; y++)
      rec.copy(plane, buffer, 4 * part.nx, 4 * ((part.y0 + y) * nx + part.x0), 4 * y * part.nx);
  rec.submit();
  return buffer;
}
