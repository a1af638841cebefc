import type { DeviceBuffer, Gpu, Recorder } from "../gpu/index.js";
import {
  maskLowWeight,
  MAX_PLANES,
  MAX_SORTED_LAYERS,
  nanmedian,
  nanmedianMany,
  nanmedianStack,
} from "../shaders/outlier_detection/median.js";
import { type Band, bandsOf } from "./context.js";
import { bitsOf, strides } from "./dispatch.js";
import { nextFloat32, weightThreshold } from "./weight_threshold.js";

/** Rows of the median image on the device; `buffer` holds one row more than the band unless it is the last. */
export interface MedianBand extends Band {
  readonly buffer: DeviceBuffer;
}

/** Rows of one group: data and weight, f32, row-major; medianImage frees them. */
export interface DrizzledRows {
  readonly data: DeviceBuffer;
  readonly weight: DeviceBuffer;
}

export interface MedianInput {
  /** [ny, nx] of the mosaic */
  readonly shape: readonly [number, number];
  /** How many groups there are. */
  readonly groups: number;
  /** Most rows of a band, and of what `drizzle` is asked for; at least 4. */
  readonly maxRows: number;
  /** The rows beyond which a group has no weight, as far as that is known; the fill value is NaN then. */
  rows?(group: number): Band;
  drizzle(group: number, band: Band): Promise<DrizzledRows>;
  /** Value of the pixels without weight; without it they have data of their own. */
  readonly fill?: number;
  readonly maskpt: number;
  /** Bytes that the images of all groups may take together. */
  readonly stackBudget: number;
}

const LOWEST = -3.4028234663852886e38;
/** Bands begin at multiples of so many rows, so that their quads of pixels are whole quads of any other band. */
const QUAD_ROWS = 4;
/** Bytes of the stack that more groups than can be bound at a time are copied into, some rows after the other. */
const STACK_BYTES = 2 ** 27;
/** Largest data and weights of a group that is drizzled before the threshold of the one before is known. */
const AHEAD_BYTES = 2 ** 28;

/**
 * The NaN-median over groups of their drizzled images, pixels of low weight left out (stcal 1.20.0 outlier_detection/median.py,
 * utils.py compute_weight_threshold). Each group's threshold needs its whole image; of the images those rows are kept that fit the
 * budget. The rows beyond them are drizzled again, as many at a time as fit, so that memory does not grow with area times groups.
 */
export async function medianImage(gpu: Gpu, input: MedianInput): Promise<MedianBand[]> {
  const [ny, nx] = input.shape;
  const limit = Math.min(gpu.limits.maxStorageBufferBindingSize / (4 * nx) - 1, input.maxRows);
  const rows = limit >= ny ? ny : Math.max(QUAD_ROWS, QUAD_ROWS * Math.floor(limit / QUAD_ROWS));
  const bands = bandsOf(ny, rows).map((band) => {
    const below = band.y0 + band.ny < ny ? 1 : 0;
    return { ...band, buffer: gpu.alloc("median", (band.ny + below) * nx * 4) };
  });
  await new MedianRun(gpu, input, bands, rows).all();
  joinBands(gpu, bands, 4 * nx);
  return bands;
}

/** Records the filling of the pixels without weight. */
export function fillEmpty(rec: Recorder, { data, weight }: DrizzledRows, pixels: number, fill: number): void {
  recordMask(rec, { data, weight }, pixels, LOWEST, fill);
}

function recordMask(
  rec: Recorder,
  { data, weight }: DrizzledRows,
  pixels: number,
  threshold: number,
  fill: number | undefined,
): void {
  const quads = Math.ceil(pixels / 4);
  const params = { quads, threshold, fill: bitsOf(fill ?? 0), filled: fill === undefined ? 0 : 1 };
  rec.run(maskLowWeight, { params, weights: weight, data }, groupsOf(quads));
}

/** Sixteen quads a thread: fewer cost software drivers as much as the pixels do. */
function groupsOf(quads: number): [number] {
  return [strides(4 * quads)];
}

/** Each band's row beyond its last is the next band's first. */
function joinBands(gpu: Gpu, bands: readonly MedianBand[], rowBytes: number): void {
  const rec = gpu.recorder("join bands");
  bands.slice(1).forEach((next, i) => {
    rec.copy(next.buffer, bands[i].buffer, rowBytes, 0, bands[i].ny * rowBytes);
  });
  rec.submit();
}

/** Rows of one group's image as the median takes them. */
interface Layer extends Band {
  readonly data: DeviceBuffer;
}

/** What is held of a group until its pixels of low weight are left out. */
interface Taken {
  readonly parts: readonly (Band & DrizzledRows)[];
  readonly threshold: Promise<number>;
}

class MedianRun {
  private readonly ny: number;
  private readonly nx: number;
  private readonly thresholds: Promise<number>[] = [];
  private readonly extents: Band[] = [];
  private readonly layers: Layer[] = [];

  constructor(
    private readonly gpu: Gpu,
    private readonly input: MedianInput,
    private readonly bands: readonly MedianBand[],
    /** Most rows of one buffer. */
    private readonly maxRows: number,
  ) {
    [this.ny, this.nx] = input.shape;
  }

  async all(): Promise<void> {
    for (let y0 = 0; y0 < this.ny;) {
      const rows = { y0, ny: this.end(y0) - y0 };
      await this.takeAll(rows);
      this.reduce(rows);
      for (const { data } of this.layers.splice(0)) data.free();
      y0 += rows.ny;
    }
  }

  /** The next group is drizzled while the threshold of one is found: the device would wait for the host otherwise. */
  private async takeAll(rows: Band): Promise<void> {
    const taken: Taken[] = [];
    try {
      for (let group = 0; group < this.input.groups; group++) {
        const large = 8 * this.nx * this.extent(group).ny > AHEAD_BYTES;
        if (large && taken.length > 0) await this.mask(taken.shift()!, rows);
        taken.push(await this.take(group, rows));
        if (taken.length > 1) await this.mask(taken.shift()!, rows);
      }
      while (taken.length > 0) await this.mask(taken.shift()!, rows);
    } finally {
      await Promise.allSettled(taken.map(({ threshold }) => threshold)); // after an error nothing works on
    }
  }

  /** The rows a group reaches, in whole fours. */
  private extent(group: number): Band {
    return (this.extents[group] ??= this.wholeFours(this.input.rows?.(group) ?? { y0: 0, ny: this.ny }));
  }

  private wholeFours({ y0, ny }: Band): Band {
    const start = QUAD_ROWS * Math.floor(y0 / QUAD_ROWS);
    const end = Math.min(this.ny, QUAD_ROWS * Math.ceil((y0 + ny) / QUAD_ROWS));
    return { y0: start, ny: end - start };
  }

  /** Up to which row the images of all groups fit the budget, from a row on. */
  private end(y0: number): number {
    const { ny, nx, input } = this;
    const room = input.stackBudget / (4 * nx);
    if (input.groups * (ny - y0) <= room) return ny;
    const extents = Array.from({ length: input.groups }, (_, group) => this.extent(group));
    let held = 0;
    for (let y = y0; y < ny; y += QUAD_ROWS) {
      for (const extent of extents) held += intersection(extent, { y0: y, ny: QUAD_ROWS }).ny;
      if (held > room && y > y0) return y;
    }
    return ny;
  }

  /** The rows that a group reaches; at first the whole group, as its threshold needs it. */
  private async take(group: number, rows: Band): Promise<Taken> {
    const { input } = this;
    const first = this.thresholds.length === group;
    const reached = this.extent(group);
    const { y0, ny } = first ? reached : intersection(reached, rows);
    const parts: (Band & DrizzledRows)[] = [];
    const held = (part: Band): boolean => intersection(part, rows).ny > 0;
    for (const part of bandsOf(ny, this.maxRows)) {
      const band = { y0: y0 + part.y0, ny: part.ny };
      if (band.ny === 0) continue;
      const drizzled = await input.drizzle(group, band);
      parts.push({ ...band, ...drizzled });
      if (!held(band)) drizzled.data.free(); // its weight is needed for the threshold
    }
    const threshold = (this.thresholds[group] ??= this.threshold(parts));
    threshold.catch(() => undefined); // it is awaited later
    if (first && group + 1 < input.groups) this.extent(group + 1); // while the device computes
    return { parts, threshold };
  }

  /** Leaves out what has low weight and holds those of the rows. */
  private async mask({ parts, threshold }: Taken, rows: Band): Promise<void> {
    const { gpu, nx, input } = this;
    const lowest = await threshold;
    const rec = gpu.recorder("mask");
    const held = (part: Band): boolean => intersection(part, rows).ny > 0;
    for (const part of parts.filter(held)) recordMask(rec, part, part.ny * nx, lowest, input.fill);
    rec.submit();
    for (const part of parts) {
      part.weight.free();
      if (held(part)) this.keep(part, intersection(part, rows));
    }
  }

  private keep(part: Layer, rows: Band): void {
    const { gpu, nx, layers } = this;
    if (rows.ny === part.ny) {
      layers.push(part);
      return;
    }
    if (rows.ny > 0) {
      const data = gpu.alloc("rows of a group", rows.ny * nx * 4);
      gpu
        .recorder("keep rows")
        .copy(part.data, data, rows.ny * nx * 4, (rows.y0 - part.y0) * nx * 4)
        .submit();
      layers.push({ ...rows, data });
    }
    part.data.free();
  }

  private async threshold(parts: readonly (Band & DrizzledRows)[]): Promise<number> {
    const chunks = parts.map(({ weight, ny }) => ({ values: weight, count: ny * this.nx }));
    const threshold = await weightThreshold(this.gpu, chunks, this.input.maskpt);
    return Number.isNaN(threshold) ? LOWEST : nextFloat32(threshold);
  }

  /** The median of the rows held, in pieces that are whole in their band and in each layer that covers them. */
  private reduce(rows: Band): void {
    for (const band of this.bands) {
      const { y0, ny } = intersection(band, rows);
      const edges = this.layers.flatMap((layer) => [layer.y0, layer.y0 + layer.ny]);
      const inside = edges.filter((y) => y > y0 && y < y0 + ny);
      const cuts = [...new Set([y0, ...inside, y0 + ny])].sort((a, b) => a - b);
      cuts.slice(1).forEach((end, k) => this.reducePiece(band, { y0: cuts[k], ny: end - cuts[k] }));
    }
  }

  private reducePiece(band: MedianBand, piece: Band): void {
    const covering = this.layers.filter((layer) => intersection(layer, piece).ny > 0);
    if (covering.length <= MAX_PLANES) this.ofPlanes(band, piece, covering);
    else this.ofStack(band, piece, covering);
  }

  private quads(rows: number): number {
    return Math.ceil((rows * this.nx) / 4);
  }

  private ofPlanes(band: MedianBand, piece: Band, layers: readonly Layer[]): void {
    const starts = Array.from({ length: MAX_PLANES }, (_, k) =>
      k < layers.length ? this.quads(piece.y0 - layers[k].y0) : 0,
    );
    const unused = this.gpu.alloc("unused", 16);
    const plane = (k: number): DeviceBuffer => layers[k]?.data ?? unused;
    const quads = this.quads(piece.ny);
    const params = {
      quads,
      target_start: this.quads(piece.y0 - band.y0),
      starts: starts.slice(0, 4),
      more_starts: starts.slice(4),
    };
    const planes = {
      layer0: plane(0),
      layer1: plane(1),
      layer2: plane(2),
      layer3: plane(3),
      layer4: plane(4),
      layer5: plane(5),
      layer6: plane(6),
      layer7: plane(7),
    };
    this.gpu
      .recorder("median")
      .run(nanmedian, { params, ...planes, median: band.buffer }, groupsOf(quads), { LAYERS: layers.length })
      .submit();
    unused.free();
  }

  private ofStack(band: MedianBand, piece: Band, layers: readonly Layer[]): void {
    const { gpu, nx } = this;
    const most = Math.min(STACK_BYTES, gpu.limits.maxStorageBufferBindingSize) / (16 * layers.length);
    const rows = Math.max(QUAD_ROWS, QUAD_ROWS * Math.floor(most / nx));
    const stack = gpu.alloc("stack of groups", this.quads(Math.min(rows, piece.ny)) * layers.length * 16);
    for (const part of bandsOf(piece.ny, rows)) {
      const y0 = piece.y0 + part.y0;
      const quads = this.quads(part.ny);
      const rec = gpu.recorder("median");
      layers.forEach(({ data, y0: start }, k) =>
        rec.copy(data, stack, part.ny * nx * 4, (y0 - start) * nx * 4, k * quads * 16),
      );
      const params = { quads, target_start: this.quads(y0 - band.y0) };
      const buffers = { stack, median: band.buffer };
      const groups = groupsOf(quads);
      if (layers.length <= MAX_SORTED_LAYERS)
        rec.run(nanmedianStack, { params, ...buffers }, groups, { LAYERS: layers.length });
      else rec.run(nanmedianMany, { params: { ...params, layers: layers.length }, ...buffers }, groups);
      rec.submit();
    }
    stack.free();
  }
}

/** The rows of both; `ny` 0 where there are none. */
function intersection(a: Band, b: Band): Band {
  const y0 = Math.max(a.y0, b.y0);
  return { y0, ny: Math.max(0, Math.min(a.y0 + a.ny, b.y0 + b.ny) - y0) };
}
