import type { DeviceBuffer } from "../gpu/index.js";
import type { FrameFile, NdArray } from "../host/asdf/index.js";
import type { MosaicPlanes } from "../host/models/index.js";
import { type Band, bandRows, bandsOf, type RunContext } from "./context.js";
import { type AccumulatorOptions, finalize, mostRows, type ResampledPlanes } from "./drizzle.js";
import { drizzleExposures, type GroupOptions } from "./drizzle_group.js";
import type { ModelLibrary } from "./library.js";
import type { MosaicGrid } from "./mosaic_grid.js";
import { type PlaneKeeper, keeperOf, rowsOf } from "./mosaic_planes.js";
import {
  type MosaicStatistics,
  mosaicStatistics,
  type SumAndMax,
  sumAndMaxAboveZero,
} from "./mosaic_statistics.js";

/** Planes that stay on the device, row-major f32 of the whole mosaic; the caller's to free. */
export interface KeptPlanes {
  readonly data: DeviceBuffer;
  readonly err: DeviceBuffer;
}

export interface BuiltMosaic {
  readonly planes: MosaicPlanes;
  /** Seconds over the pixels that were exposed; 0 where none was. */
  readonly exposure: { readonly mean: number; readonly max: number };
  readonly statistics: MosaicStatistics;
  /** Where the mosaic is one band. */
  readonly kept?: KeptPlanes;
}

/** Planes of a band beside the context's: data, weight, three sums of variances, exposure time; what options add comes on top. */
const PLANES = 6;
/** Share of the free device memory that a band's sums may take; the rest is for exposures and packed inputs. */
const BAND_SHARE = 0.5;
/** Pixels that statistics are made of at a time, where they come from the host. */
const STATISTICS_PIXELS = 1 << 22;

/**
 * Drizzle all exposures onto the grid, band by band, and read each band's planes once. They go to the file `frames` as lz4 frames where
 * there is one; else they stay in memory, as frames where the mosaic is more than one band. `maxRows` bounds the bands beside what the
 * device binds and holds. The pixels do not depend on the bands.
 */
export async function buildMosaic(
  ctx: RunContext,
  library: ModelLibrary,
  grid: MosaicGrid,
  options: GroupOptions,
  fill: number,
  { frames, maxRows = Infinity }: { readonly frames?: FrameFile; readonly maxRows?: number } = {},
): Promise<BuiltMosaic> {
  const builder = new MosaicBuilder(ctx, library, grid, options, fill, frames);
  const rows = bandRows(grid.shape, Math.min(maxRows, builder.mostRows()));
  const bands = bandsOf(grid.shape[0], rows);
  try {
    for (const [k, band] of bands.entries()) {
      await builder.add(band, bands.length === 1);
      ctx.progress("resample", (k + 1) / bands.length);
    }
    return await builder.finish();
  } catch (error) {
    builder.abandon();
    throw error;
  }
}

class MosaicBuilder {
  private readonly contextPlanes: number;
  private readonly times: SumAndMax[] = [];
  private readonly keepers = new Map<string, PlaneKeeper>();
  private kept: KeptPlanes | undefined;

  constructor(
    private readonly ctx: RunContext,
    private readonly library: ModelLibrary,
    private readonly grid: MosaicGrid,
    private readonly options: GroupOptions,
    private readonly fill: number,
    private readonly frames: FrameFile | undefined,
  ) {
    this.contextPlanes = Math.ceil(library.length / 32);
  }

  mostRows(): number {
    const { gpu } = this.ctx;
    const rowBytes = this.grid.shape[1] * 4;
    const { flat, flags, constantWeights } = this.sums();
    const more = (flat ? 2 : 0) + (flags ? 1 : 0) + (constantWeights ? 1 : 0);
    const held = (BAND_SHARE * gpu.memory.available) / (PLANES + more + this.contextPlanes);
    return Math.min(mostRows(gpu, this.grid.shape[1]), held / rowBytes);
  }

  private sums(): AccumulatorOptions {
    const { includeVarFlat, propagateDq, weightType = "ivm" } = this.options;
    return {
      contexts: this.library.length,
      variances: true,
      flat: includeVarFlat,
      flags: propagateDq,
      constantWeights: weightType === "exptime" || weightType === null,
    };
  }

  /** Drizzle one band and read it; `whole`: it is all there is, and its planes stay. */
  async add(band: Band, whole: boolean): Promise<void> {
    const { ctx, library, grid, options, fill } = this;
    const { gpu, timer } = ctx;
    const indices = library.exposures.map((_, index) => index);
    const sums = await timer.time("drizzle", () =>
      drizzleExposures(ctx, library, indices, grid, band, options, this.sums(), true),
    );
    let keep: DeviceBuffer[] = [];
    try {
      const rec = gpu.recorder("finalize");
      const planes = finalize(rec, sums, { fill, pixelScaleRatio: grid.pixelScaleRatio });
      rec.submit();
      const count = grid.shape[1] * band.ny;
      this.times.push(await sumAndMaxAboveZero(gpu, [{ values: planes.exposureTime!, count }]));
      await timer.time("read back", () => this.read(planes, band, whole));
      if (whole) {
        this.kept = { data: planes.data, err: planes.err! };
        keep = Object.values(this.kept) as DeviceBuffer[];
      }
    } finally {
      sums.free(keep);
    }
  }

  async finish(): Promise<BuiltMosaic> {
    const { kept } = this;
    const [ny, nx] = this.grid.shape;
    const planes: Record<string, NdArray> = {};
    for (const [name, keeper] of this.keepers) planes[name] = await keeper.finish();
    const { data, err } = planes;
    const chunks = kept
      ? [{ values: kept.data, guards: kept.err, count: nx * ny }]
      : bandsOf(ny, Math.ceil(STATISTICS_PIXELS / nx)).map((band) => ({
          count: nx * band.ny,
          load: async () => ({ values: await rowsOf(data, band), guards: await rowsOf(err, band) }),
        }));
    const count = this.times.reduce((sum, band) => sum + band.count, 0);
    const seconds = this.times.reduce((sum, band) => sum + band.sum, 0);
    return {
      planes: { shape: [ny, nx], planes },
      exposure: {
        mean: count ? seconds / count : 0,
        max: Math.max(...this.times.map(({ max }) => max)),
      },
      statistics: await this.ctx.timer.time("statistics", () => mosaicStatistics(this.ctx.gpu, chunks)),
      kept,
    };
  }

  /** Lets go of what would be planes, and of those on the device. */
  abandon(): void {
    for (const keeper of this.keepers.values()) keeper.abandon();
    for (const buffer of Object.values(this.kept ?? {}) as DeviceBuffer[]) buffer.free();
  }

  /** In the order of the blocks of a file. */
  private async read(planes: ResampledPlanes, band: Band, whole: boolean): Promise<void> {
    const bytes = 4 * this.grid.shape[1] * band.ny;
    const named: Record<string, readonly (DeviceBuffer | undefined)[]> = {
      data: [planes.data],
      context: planes.context,
      err: [planes.err],
      weight: [planes.weight],
      var_poisson: [planes.varPoisson],
      var_rnoise: [planes.varRnoise],
      var_flat: [planes.varFlat],
      dq: [planes.dq],
    };
    for (const [name, layers] of Object.entries(named)) {
      const buffers = layers.filter((layer) => layer !== undefined);
      if (buffers.length === 0) continue;
      let keeper = this.keepers.get(name);
      if (!keeper) {
        keeper = keeperOf(name, this.grid.shape, buffers.length, { frames: this.frames, whole });
        this.keepers.set(name, keeper);
      }
      for (const [k, buffer] of buffers.entries()) await keeper.add(k, this.ctx.gpu.pieces(buffer, 0, bytes));
    }
  }
}
