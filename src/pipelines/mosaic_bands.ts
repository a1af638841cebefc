import type { DeviceBuffer } from "../gpu/index.js";
import type { MosaicArrays } from "../host/models/index.js";
import { type Band, bandsOf, type RunContext } from "./context.js";
import { finalize, type ResampledPlanes } from "./drizzle.js";
import { drizzleExposures, type GroupOptions } from "./drizzle_group.js";
import type { ModelLibrary } from "./library.js";
import type { MosaicGrid } from "./mosaic_grid.js";
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
  readonly weight: DeviceBuffer;
}

export interface BuiltMosaic {
  readonly arrays: MosaicArrays;
  /** Seconds over the pixels that were exposed; 0 where none was. */
  readonly exposure: { readonly mean: number; readonly max: number };
  readonly statistics: MosaicStatistics;
  /** Where the mosaic is one band. */
  readonly kept?: KeptPlanes;
}

/** Planes of a band beside the context's: data, weight, three sums of variances, exposure time. */
const PLANES = 6;
/** Share of the free device memory that a band's sums may take; the rest is for exposures and packed inputs. */
const BAND_SHARE = 0.5;

/**
 * Drizzle all exposures onto the grid, band by band, and read each band's planes once. `maxRows` bounds the bands beside what
 * the device binds and holds. The pixels do not depend on the bands.
 */
export async function buildMosaic(
  ctx: RunContext,
  library: ModelLibrary,
  grid: MosaicGrid,
  options: GroupOptions,
  fill: number,
  maxRows = Infinity,
): Promise<BuiltMosaic> {
  const builder = new MosaicBuilder(ctx, library, grid, options, fill);
  const [ny] = grid.shape;
  const bands = bandsOf(ny, Math.min(maxRows, builder.mostRows()));
  for (const [k, band] of bands.entries()) {
    await builder.add(band, bands.length === 1);
    ctx.progress("resample", (k + 1) / bands.length);
  }
  return builder.finish(bands);
}

class MosaicBuilder {
  private readonly contextPlanes: number;
  private readonly times: SumAndMax[] = [];
  private arrays: MosaicArrays | undefined;
  private kept: KeptPlanes | undefined;

  constructor(
    private readonly ctx: RunContext,
    private readonly library: ModelLibrary,
    private readonly grid: MosaicGrid,
    private readonly options: GroupOptions,
    private readonly fill: number,
  ) {
    this.contextPlanes = Math.ceil(library.length / 32);
  }

  mostRows(): number {
    const { gpu } = this.ctx;
    const rowBytes = this.grid.shape[1] * 4;
    const held = (BAND_SHARE * gpu.memory.available) / (PLANES + this.contextPlanes);
    return Math.min(gpu.limits.maxStorageBufferBindingSize, held) / rowBytes;
  }

  /** Drizzle one band and read it; `whole`: it is all there is, and its planes stay. */
  async add(band: Band, whole: boolean): Promise<void> {
    const { ctx, library, grid, options, fill } = this;
    const { gpu, timer } = ctx;
    const indices = library.exposures.map((_, index) => index);
    const sums = await timer.time("drizzle", () =>
      drizzleExposures(
        ctx,
        library,
        indices,
        grid,
        band,
        options,
        { contexts: library.length, variances: true },
        whole,
      ),
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
        this.kept = { data: planes.data, err: planes.err!, weight: planes.weight };
        keep = Object.values(this.kept) as DeviceBuffer[];
      }
    } finally {
      sums.free(keep);
    }
  }

  async finish(bands: readonly Band[]): Promise<BuiltMosaic> {
    const arrays = this.arrays!;
    const { kept } = this;
    const nx = this.grid.shape[1];
    const part = (plane: Float32Array, { y0, ny }: Band): Float32Array =>
      plane.subarray(y0 * nx, (y0 + ny) * nx);
    const chunks = kept
      ? [{ values: kept.data, guards: kept.err, count: arrays.data.length }]
      : bands.map((band) => ({ values: part(arrays.data, band), guards: part(arrays.err, band) }));
    const count = this.times.reduce((sum, band) => sum + band.count, 0);
    const seconds = this.times.reduce((sum, band) => sum + band.sum, 0);
    return {
      arrays,
      exposure: {
        mean: count ? seconds / count : 0,
        max: Math.max(...this.times.map(({ max }) => max)),
      },
      statistics: await mosaicStatistics(this.ctx.gpu, chunks),
      kept,
    };
  }

  private async read(planes: ResampledPlanes, band: Band, whole: boolean): Promise<void> {
    const { gpu } = this.ctx;
    const [ny, nx] = this.grid.shape;
    const count = nx * band.ny;
    const f32 = (buffer: DeviceBuffer): Promise<Float32Array> => gpu.read(buffer, Float32Array, 0, count);
    const read = {
      data: await f32(planes.data),
      err: await f32(planes.err!),
      weight: await f32(planes.weight),
      var_poisson: await f32(planes.varPoisson!),
      var_rnoise: await f32(planes.varRnoise!),
    };
    const context: Uint32Array[] = [];
    for (const plane of planes.context) context.push(await gpu.read(plane, Uint32Array, 0, count));
    if (whole && context.length === 1) {
      this.arrays = { shape: [ny, nx], ...read, context: context[0] };
      return;
    }
    this.arrays ??= emptyArrays(ny, nx, this.contextPlanes);
    const at = band.y0 * nx;
    for (const [name, plane] of Object.entries(read)) this.arrays[name as keyof typeof read].set(plane, at);
    for (const [k, plane] of context.entries()) this.arrays.context.set(plane, k * ny * nx + at);
  }
}

function emptyArrays(ny: number, nx: number, contextPlanes: number): MosaicArrays {
  const plane = (): Float32Array => new Float32Array(ny * nx);
  return {
    shape: [ny, nx],
    data: plane(),
    err: plane(),
    weight: plane(),
    var_poisson: plane(),
    var_rnoise: plane(),
    context: new Uint32Array(contextPlanes * ny * nx),
  };
}
