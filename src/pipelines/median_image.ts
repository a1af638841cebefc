import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import {
  maskLowWeight,
  MAX_SORTED_LAYERS,
  nanmedian,
  nanmedianMany,
} from "../shaders/outlier_detection/median.js";
import { type Band, bandsOf } from "./context.js";
import { stridingGroups } from "./order_statistics.js";
import { nextFloat32, weightThreshold } from "./weight_threshold.js";

/** Rows of the median image on the device; `buffer` holds one row more than the band unless it is the last. */
export interface MedianBand extends Band {
  readonly buffer: DeviceBuffer;
}

/** One group drizzled onto a band: data (with the fill value where there is no weight) and weight, f32, row-major. */
export interface DrizzledBand {
  readonly data: DeviceBuffer;
  readonly weight: DeviceBuffer;
  free(): void;
}

export interface MedianInput {
  /** [ny, nx] of the mosaic */
  readonly shape: readonly [number, number];
  /** How many groups there are. */
  readonly groups: number;
  /** Most rows of a band that `drizzle` takes. */
  readonly maxRows: number;
  drizzle(group: number, band: Band): Promise<DrizzledBand>;
  readonly maskpt: number;
  /** Bytes that the stack of all groups may take. */
  readonly stackBudget: number;
}

const LOWEST = -3.4028234663852886e38;

/**
 * The NaN-median over groups of their drizzled images, pixels of low weight left out (stcal 1.20.0 outlier_detection/median.py,
 * utils.py compute_weight_threshold). Each group's threshold needs its whole image; the stack of all groups is held only where it
 * fits the budget, else bands of it are drizzled a second time, so that memory does not grow with area times groups.
 */
export async function medianImage(gpu: Gpu, input: MedianInput): Promise<MedianBand[]> {
  const [ny, nx] = input.shape;
  const rowBytes = nx * 4;
  const limit = Math.floor(gpu.limits.maxStorageBufferBindingSize / rowBytes);
  const bands = allocateBands(gpu, bandsOf(ny, Math.min(limit - 1, input.maxRows)), ny, rowBytes);
  const whole = ny * rowBytes * input.groups <= input.stackBudget;
  const stackRows = Math.min(limit, whole ? ny : input.stackBudget / rowBytes) / input.groups;
  const stacks = bands.map((band) =>
    bandsOf(band.ny, stackRows).map(({ y0, ny: rows }) => ({ y0: band.y0 + y0, ny: rows })),
  );
  const run = new MedianRun(gpu, input, bands, stacks);
  if (whole) await run.keepingStack();
  else await run.bandByBand();
  joinBands(gpu, bands, rowBytes);
  return bands;
}

function allocateBands(gpu: Gpu, bands: readonly Band[], ny: number, rowBytes: number): MedianBand[] {
  return bands.map((band) => {
    const rows = band.ny + (band.y0 + band.ny < ny ? 1 : 0);
    return { ...band, buffer: gpu.alloc("median", rows * rowBytes) };
  });
}

/** Each band's row beyond its last is the next band's first. */
function joinBands(gpu: Gpu, bands: readonly MedianBand[], rowBytes: number): void {
  const rec = gpu.recorder("join bands");
  bands.slice(1).forEach((next, i) => {
    rec.copy(next.buffer, bands[i].buffer, rowBytes, 0, bands[i].ny * rowBytes);
  });
  rec.submit();
}

class MedianRun {
  private readonly nx: number;

  constructor(
    private readonly gpu: Gpu,
    private readonly input: MedianInput,
    private readonly bands: readonly MedianBand[],
    /** Of each band, the ranges of rows whose stack is one buffer. */
    private readonly stacks: readonly (readonly Band[])[],
  ) {
    this.nx = input.shape[1];
  }

  /** Every group is drizzled once; its masked image goes into its layer of the stack. */
  async keepingStack(): Promise<void> {
    const { gpu, input, stacks } = this;
    const buffers = stacks.map((parts) => parts.map((part) => this.allocateStack(part)));
    for (let group = 0; group < input.groups; group++) {
      const drizzled: DrizzledBand[] = [];
      for (const band of this.bands) drizzled.push(await input.drizzle(group, band));
      const threshold = await this.threshold(drizzled);
      const rec = gpu.recorder("mask");
      drizzled.forEach((image, b) =>
        stacks[b].forEach((part, k) => {
          const source = (part.y0 - this.bands[b].y0) * this.nx;
          this.mask(rec, image, source, part, group, threshold, buffers[b][k]);
        }),
      );
      rec.submit();
      for (const image of drizzled) image.free();
    }
    stacks.forEach((parts, b) =>
      parts.forEach((part, k) => {
        this.reduce(part, this.bands[b], buffers[b][k]);
        buffers[b][k].free();
      }),
    );
  }

  /** Thresholds first, from weights alone; then a stack at a time, its groups drizzled again. */
  async bandByBand(): Promise<void> {
    const { gpu, input, stacks } = this;
    const thresholds: number[] = [];
    for (let group = 0; group < input.groups; group++) {
      const weights: DrizzledBand[] = [];
      for (const band of this.bands) {
        const { data, weight, free } = await input.drizzle(group, band);
        weights.push({ data, weight, free });
      }
      thresholds.push(await this.threshold(weights));
      for (const image of weights) image.free();
    }
    for (const [b, parts] of stacks.entries()) {
      for (const part of parts) {
        const stack = this.allocateStack(part);
        for (const [group, threshold] of thresholds.entries()) {
          const image = await input.drizzle(group, part);
          const rec = gpu.recorder("mask");
          this.mask(rec, image, 0, part, group, threshold, stack);
          rec.submit();
          image.free();
        }
        this.reduce(part, this.bands[b], stack);
        stack.free();
      }
    }
  }

  private allocateStack({ ny }: Band): DeviceBuffer {
    return this.gpu.alloc("stack of groups", ny * this.nx * 4 * this.input.groups);
  }

  private async threshold(images: readonly DrizzledBand[]): Promise<number> {
    const chunks = images.map(({ weight }, b) => ({ values: weight, count: this.bands[b].ny * this.nx }));
    const threshold = await weightThreshold(this.gpu, chunks, this.input.maskpt);
    return Number.isNaN(threshold) ? LOWEST : nextFloat32(threshold);
  }

  private mask(
    rec: ReturnType<Gpu["recorder"]>,
    image: DrizzledBand,
    source: number,
    part: Band,
    group: number,
    threshold: number,
    stack: DeviceBuffer,
  ): void {
    const count = part.ny * this.nx;
    const params = { count, source, target_start: group * count, threshold };
    rec.run(maskLowWeight, { params, data: image.data, weights: image.weight, stack }, [
      stridingGroups(count),
    ]);
  }

  private reduce(part: Band, band: MedianBand, stack: DeviceBuffer): void {
    const { gpu, nx } = this;
    const layers = this.input.groups;
    const pixels = part.ny * nx;
    const params = { pixels, target_start: (part.y0 - band.y0) * nx };
    const buffers = { stack, median: band.buffer };
    const groups = [Math.max(1, Math.min(65535, Math.ceil(pixels / 256)))] as const;
    const rec = gpu.recorder("median");
    if (layers <= MAX_SORTED_LAYERS) rec.run(nanmedian, { params, ...buffers }, groups, { LAYERS: layers });
    else rec.run(nanmedianMany, { params: { ...params, layers }, ...buffers }, groups);
    rec.submit();
  }
}
