import type { DeviceBuffer, Gpu, Recorder } from "../../gpu/index.js";
import { CHUNK_ROWS } from "../../shaders/source_catalog/background.js";

/** Parts a bin. */
export const SUB = 256;

/** Whole rows of an image on the device with their bit mask, row y0 first. */
interface BoundRows {
  readonly data: DeviceBuffer;
  readonly mask: DeviceBuffer;
  readonly y0: number;
  free(): void;
}

/** An image whose rows come to the device when they are asked for. */
export interface BoxImage {
  readonly nx: number;
  readonly ny: number;
  /** Most rows that `load` gives at a time. */
  readonly mostRows: number;
  load(y0: number, ny: number): BoundRows | Promise<BoundRows>;
}

/** What box statistics are made of: the image and the box grid. */
export interface BoxGrid {
  readonly image: BoxImage;
  readonly boxWidth: number;
  readonly boxHeight: number;
}

/** Rows of a batch that are bound together: whole runs of CHUNK_ROWS of each box. */
interface Piece {
  /** First row, of the batch. */
  readonly from: number;
  readonly rows: number;
  readonly chunk0: number;
  readonly chunks: number;
}

/** A run of whole rows of boxes whose histograms are on the device together. */
export interface Batch {
  readonly grid: BoxGrid;
  readonly pieces: readonly Piece[];
  /** The rows, where they are one piece. */
  readonly bound?: BoundRows;
  readonly y0: number;
  readonly rows: number;
  readonly boxesX: number;
  readonly boxes: number;
  readonly bins: number;
}

/** One piece where the rows are few enough; else, of a single row of boxes, as few as there can be. */
export function piecesOf(rows: number, boxHeight: number, mostRows: number): Piece[] {
  const chunks = Math.ceil(boxHeight / CHUNK_ROWS);
  if (rows <= mostRows) return [{ from: 0, rows, chunk0: 0, chunks }];
  const height = Math.max(1, Math.floor(mostRows / CHUNK_ROWS)) * CHUNK_ROWS;
  return Array.from({ length: Math.ceil(rows / height) }, (_, i) => {
    const from = i * height;
    const count = Math.min(height, rows - from);
    return { from, rows: count, chunk0: from / CHUNK_ROWS, chunks: Math.ceil(count / CHUNK_ROWS) };
  });
}

/** Record a kernel over all rows of a batch, piece by piece; `record` gets its uniforms, planes and workgroups: runs of rows of each box. */
export async function overRows(
  gpu: Gpu,
  label: string,
  batch: Batch,
  record: (
    rec: Recorder,
    bound: {
      readonly params: ReturnType<typeof uniforms>;
      readonly data: DeviceBuffer;
      readonly mask: DeviceBuffer;
    },
    groups: readonly [number, number],
  ) => void,
): Promise<void> {
  for (const piece of batch.pieces) {
    const rows = batch.bound ?? (await batch.grid.image.load(batch.y0 + piece.from, piece.rows));
    const { data, mask } = rows;
    const rec = gpu.recorder(label);
    record(rec, { params: uniforms(batch, piece, rows.y0), data, mask }, [piece.chunks, batch.boxes]);
    rec.submit();
    if (batch.bound) continue;
    rows.free();
    await gpu.idle(); // uploads that wait for the device are copies in memory
  }
}

function uniforms(
  { grid, y0, boxesX, bins, rows }: Batch,
  { from, rows: own, chunk0 }: Piece,
  bound: number,
) {
  const { image, boxHeight, boxWidth } = grid;
  return {
    nx: image.nx,
    y0: (y0 - bound) >>> 0,
    boxHeight,
    boxWidth,
    boxesX,
    bins,
    sub: SUB,
    shift: 0,
    rows: Math.min(rows, from + own),
    rowStep: 1,
    chunk0,
    chunks: chunksOf(grid),
  };
}

/** Runs of rows of a box. */
export function chunksOf({ boxHeight }: BoxGrid): number {
  return Math.ceil(boxHeight / CHUNK_ROWS);
}
