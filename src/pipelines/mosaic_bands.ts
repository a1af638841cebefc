import type { DeviceBuffer } from "../gpu/index.js";
import type { MosaicArrays } from "../host/models/index.js";
import { type Band, bandsOf, type RunContext } from "./context.js";
import { type AccumulatorOptions, finalize, mostRows, type ResampledPlanes } from "./drizzle.js";
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

type Fixed = Omit<MosaicArrays, "shape" | "context">;
type Planes = { -readonly [K in keyof Fixed]: Fixed[K] };
type PlaneName = keyof Planes;

/** Planes of a band beside the context's: data, weight, three sums of variances, exposure time; what options add comes on top. */
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
      drizzleExposures(ctx, library, indices, grid, band, options, this.sums(), whole),
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
      statistics: await this.ctx.timer.time("statistics", () => mosaicStatistics(this.ctx.gpu, chunks)),
      kept,
    };
  }

  private async read(planes: ResampledPlanes, band: Band, whole: boolean): Promise<void> {
    const { gpu } = this.ctx;
    const [ny, nx] = this.grid.shape;
    const count = nx * band.ny;
    const f32 = (buffer: DeviceBuffer): Promise<Float32Array> => gpu.read(buffer, Float32Array, 0, count);
    const read: Planes = {
      data: await f32(planes.data),
      err: await f32(planes.err!),
      weight: await f32(planes.weight),
      var_poisson: await f32(planes.varPoisson!),
      var_rnoise: await f32(planes.varRnoise!),
    };
    if (planes.varFlat) read.var_flat = await f32(planes.varFlat);
    if (planes.dq) read.dq = await gpu.read(planes.dq, Uint32Array, 0, count);
    const context: Uint32Array[] = [];
    for (const plane of planes.context) context.push(await gpu.read(plane, Uint32Array, 0, count));
    if (whole && context.length === 1) {
      this.arrays = { shape: [ny, nx], ...read, context: context[0] };
      return;
    }
    this.arrays ??= emptyArrays(ny, nx, this.contextPlanes, Object.keys(read) as PlaneName[]);
    const at = band.y0 * nx;
    for (const name of Object.keys(read) as PlaneName[]) this.arrays[name]!.set(read[name]!, at);
    for (const [k, plane] of context.entries()) this.arrays.context.set(plane, k * ny * nx + at);
  }
}

function emptyArrays(
  ny: number,
  nx: number,
  contextPlanes: number,
  names: readonly PlaneName[],
): MosaicArrays {
  const planes = names.map((name) => {
    const type = name === "dq" ? Uint32Array : Float32Array;
    return [name, new type(ny * nx)] as const;
  });
  return {
    shape: [ny, nx],
    ...(Object.fromEntries(planes) as unknown as Planes),
    context: new Uint32Array(contextPlanes * ny * nx),
  };
}
