import type { DeviceBuffer } from "../gpu/index.js";
import type { FrameFile, NdArray } from "../host/asdf/index.js";
import type { MosaicPlanes } from "../host/models/index.js";
import { place } from "../shaders/resample/place.js";
import { type Band, bandRows, bandsOf, type RunContext, type Window } from "./context.js";
import { type AccumulatorOptions, finalize, mostRows, type ResampledPlanes } from "./drizzle.js";
import { drizzleExposures, type GroupOptions, reachedPart } from "./drizzle_group.js";
import type { ModelLibrary } from "./library.js";
import type { MosaicGrid } from "./mosaic_grid.js";
import { type PlaneKeeper, keeperOf, rowsOf } from "./mosaic_planes.js";
import {
  type MosaicStatistics,
  mosaicStatistics,
  type SumAndMax,
  sumAndMaxAboveZero,
} from "./mosaic_statistics.js";
import type { Chunk, LazyChunk } from "./order_statistics.js";
import { bitsOf, strides } from "./dispatch.js";

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
  /** Where the mosaic is one that the device holds as one band. */
  readonly kept?: KeptPlanes;
}

/** Planes of a band beside the context's: data, weight, three sums of variances, exposure time; what options add comes on top. */
const PLANES = 6;
/** Share of the free device memory that a band's sums may take; the rest is for exposures and packed inputs. */
const BAND_SHARE = 0.5;
/** Pixels that statistics are made of at a time, where they come from the host. */
const STATISTICS_PIXELS = 1 << 22;

/** Bits of the NaN that the kernels make. */
const NAN = 0x7fc00000;

/** A part of the mosaic that is drizzled at once, and the rows that are told with it: nothing reaches what they have beyond. */
interface Part {
  readonly window: Window;
  readonly rows: Band;
}

export interface BuildOptions {
  /** Where the planes' frames go. */
  readonly frames?: FrameFile;
  /** Most rows of a band. */
  readonly maxRows?: number;
  /** Whether data and err are to stay on the device, where it holds them as one band. */
  readonly keep?: boolean;
}

/**
 * Drizzle all exposures onto the grid, band by band of what they reach, and read each band's planes once. They go to the file `frames` as
 * lz4 frames where there is one; else they stay in memory, as frames where the mosaic is a large one. `maxRows` bounds the bands beside
 * what the device binds and holds. The pixels do not depend on the bands.
 */
export async function buildMosaic(
  ctx: RunContext,
  library: ModelLibrary,
  grid: MosaicGrid,
  options: GroupOptions,
  fill: number,
  { frames, maxRows = Infinity, keep = true }: BuildOptions = {},
): Promise<BuiltMosaic> {
  const [ny, nx] = grid.shape;
  const builder = new MosaicBuilder(ctx, library, grid, options, fill, frames);
  const rowsAtOnce = (width: number, height: number): number =>
    bandRows([height, width], Math.min(maxRows, builder.mostRows(width)));
  const fits = rowsAtOnce(nx, ny) >= ny;
  const reached = reachedPart(library, grid, options);
  const parts = partsOf(reached, ny, rowsAtOnce(reached.nx, reached.ny));
  try {
    for (const [k, part] of parts.entries()) {
      await builder.add(part, { whole: parts.length === 1, fits, keep });
      ctx.progress("resample", (k + 1) / parts.length);
    }
    return await builder.finish();
  } catch (error) {
    builder.abandon();
    throw error;
  }
}

/** The bands of at most `most` rows of what is reached of `ny` rows; the first and the last answer for those before and after too. */
function partsOf(reached: Window, ny: number, most: number): Part[] {
  if (reached.ny === 0) return [{ window: reached, rows: { y0: 0, ny } }];
  const end = reached.y0 + reached.ny;
  return bandsOf(reached.ny, most).map((band) => {
    const window = { ...reached, y0: reached.y0 + band.y0, ny: band.ny };
    const first = band.y0 === 0 ? 0 : window.y0;
    const last = window.y0 + window.ny === end ? ny : window.y0 + window.ny;
    return { window, rows: { y0: first, ny: last - first } };
  });
}

interface Adding {
  /** The part is all there is. */
  readonly whole: boolean;
  /** The device holds planes of the whole mosaic. */
  readonly fits: boolean;
  readonly keep: boolean;
}

class MosaicBuilder {
  private readonly contextPlanes: number;
  private readonly times: SumAndMax[] = [];
  private readonly keepers = new Map<string, PlaneKeeper>();
  private readonly windows: Window[] = [];
  /** What statistics are made of: pixels beyond do not count. */
  private readonly counted: (Chunk | LazyChunk)[] = [];
  /** Buffers that are free once the statistics are made. */
  private readonly held: DeviceBuffer[] = [];
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

  mostRows(nx: number): number {
    const { gpu } = this.ctx;
    const { flat, flags, constantWeights } = this.sums();
    const more = (flat ? 2 : 0) + (flags ? 1 : 0) + (constantWeights ? 1 : 0);
    const held = (BAND_SHARE * gpu.memory.available) / (PLANES + more + this.contextPlanes);
    return Math.min(mostRows(gpu, nx), held / (4 * nx));
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

  /** Drizzle one part and read it. */
  async add(part: Part, { whole, fits, keep: kept }: Adding): Promise<void> {
    const { ctx, library, grid, options, fill } = this;
    const { gpu, timer } = ctx;
    const { window } = part;
    this.windows.push(window);
    const indices = library.exposures.map((_, index) => index);
    const sums = await timer.time("drizzle", () =>
      drizzleExposures(ctx, library, indices, grid, window, options, this.sums(), true),
    );
    let keep: DeviceBuffer[] = [];
    try {
      const rec = gpu.recorder("finalize");
      const planes = finalize(rec, sums, { fill, pixelScaleRatio: grid.pixelScaleRatio });
      rec.submit();
      const count = window.nx * window.ny;
      this.times.push(await sumAndMaxAboveZero(gpu, [{ values: planes.exposureTime!, count }]));
      await timer.time("read back", () => this.read(planes, part, { whole, packed: !fits }));
      const { data, err } = planes as ResampledPlanes & KeptPlanes;
      if (!whole) return;
      keep = [data, err];
      this.counted.push({ values: data, guards: err, count });
      if (fits && kept) this.kept = this.wholePlanes({ data, err }, window);
      if (this.kept?.data !== data) this.held.push(...keep);
    } finally {
      sums.free(keep);
    }
  }

  async finish(): Promise<BuiltMosaic> {
    const [ny, nx] = this.grid.shape;
    const planes: Record<string, NdArray> = {};
    for (const [name, keeper] of this.keepers) planes[name] = await keeper.finish();
    if (this.counted.length === 0) this.countRows(planes);
    const count = this.times.reduce((sum, band) => sum + band.count, 0);
    const seconds = this.times.reduce((sum, band) => sum + band.sum, 0);
    const statistics = await this.ctx.timer.time("statistics", () =>
      mosaicStatistics(this.ctx.gpu, this.counted, nx * ny),
    );
    this.letGo();
    return {
      planes: { shape: [ny, nx], planes },
      exposure: {
        mean: count ? seconds / count : 0,
        max: Math.max(...this.times.map(({ max }) => max)),
      },
      statistics,
      kept: this.kept,
    };
  }

  /** Lets go of what would be planes, and of those on the device. */
  abandon(): void {
    for (const keeper of this.keepers.values()) keeper.abandon();
    this.letGo();
    for (const buffer of Object.values(this.kept ?? {}) as DeviceBuffer[]) buffer.free();
  }

  private letGo(): void {
    for (const buffer of this.held.splice(0)) buffer.free();
  }

  /** Planes of the whole mosaic, of which those given are a part. */
  private wholePlanes({ data, err }: KeptPlanes, part: Window): KeptPlanes {
    const { gpu } = this.ctx;
    const [ny, nx] = this.grid.shape;
    if (part.nx === nx && part.ny === ny) return { data, err };
    const rec = gpu.recorder("whole planes");
    const count = Math.ceil((nx * ny) / 4);
    const groups = [strides(4 * count)] as const;
    const whole = (label: string, plane: DeviceBuffer, word: number): DeviceBuffer => {
      const buffer = gpu.alloc(label, 4 * nx * ny);
      const params = { count, nx, word, part: [part.x0, part.y0, part.nx, part.ny] };
      rec.run(place, { params, part: plane, plane: buffer }, groups);
      return buffer;
    };
    const planes = {
      data: whole("mosaic data", data, bitsOf(this.fill)),
      err: whole("mosaic err", err, NAN),
    };
    rec.submit();
    return planes;
  }

  /** By rows of the planes that were kept. */
  private countRows({ data, err }: Readonly<Record<string, NdArray>>): void {
    const nx = this.grid.shape[1];
    for (const { y0, ny } of this.windows)
      for (const band of bandsOf(ny, Math.ceil(STATISTICS_PIXELS / nx))) {
        const rows = { y0: y0 + band.y0, ny: band.ny };
        const load = async (): Promise<{ values: Float32Array; guards: Float32Array }> => ({
          values: await rowsOf(data, rows),
          guards: await rowsOf(err, rows),
        });
        this.counted.push({ count: nx * band.ny, load });
      }
  }

  /** In the order of the blocks of a file. */
  private async read(
    planes: ResampledPlanes,
    { window, rows }: Part,
    keeping: { readonly whole: boolean; readonly packed: boolean },
  ): Promise<void> {
    const { shape } = this.grid;
    const bytes = 4 * window.nx * window.ny;
    const fill = bitsOf(this.fill);
    const all = window.nx === shape[1] && window.ny === rows.ny;
    // the layers, and the word of pixels without any weight
    const named: Record<string, readonly [layers: readonly (DeviceBuffer | undefined)[], word: number]> = {
      data: [[planes.data], fill],
      context: [planes.context, 0],
      err: [[planes.err], NAN],
      weight: [[planes.weight], 0],
      var_poisson: [[planes.varPoisson], NAN],
      var_rnoise: [[planes.varRnoise], NAN],
      var_flat: [[planes.varFlat], NAN],
      dq: [[planes.dq], 0],
    };
    for (const [name, [layers, word]] of Object.entries(named)) {
      const buffers = layers.filter((layer) => layer !== undefined);
      if (buffers.length === 0) continue;
      let keeper = this.keepers.get(name);
      if (!keeper) {
        keeper = keeperOf(name, shape, buffers.length, { frames: this.frames, ...keeping });
        this.keepers.set(name, keeper);
      }
      for (const [k, buffer] of buffers.entries()) {
        const pieces = this.ctx.gpu.pieces(buffer, 0, bytes);
        await keeper.add(k, pieces, all ? undefined : { part: window, rows, word });
      }
    }
  }
}
