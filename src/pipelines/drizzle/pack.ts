import { UserError } from "../../host/errors.js";
import { type DeviceBuffer, DeviceTexels, type Gpu, MOST_TEXELS, type Recorder } from "../../gpu/index.js";
import type { PixelWindow, RecordRange } from "../../host/wcs/tile_windows.js";
import { tileBatches } from "../../host/wcs/tile_windows.js";
import type { TileTables } from "../../host/wcs/tiles.js";
import { packData, packPlanes } from "../../shaders/drizzle/kernels.js";
import type { Band } from "../context.js";
import type { ExposurePlanes } from "../exposure.js";
import { type ExposureGeometry, fixedPointMap } from "./geometry.js";

/** How input pixels are weighted (stcal build_driz_weight). */
export type Weighting =
  | { readonly type: "ivm" }
  | { readonly type: "exptime"; readonly time: number }
  /** `median`: of the data of all pixels without DO_NOT_USE (romancal compute_var_sky). */
  | { readonly type: "ivm-sky"; readonly median: number };

export interface PackOptions {
  /** DQ bits to be ignored (interpretBitFlags), null to ignore them all. */
  readonly goodBits: number | null;
  /** Background to subtract from the data, in their unit; 0 where it is subtracted already. */
  readonly level: number;
  readonly weighting: Weighting;
  /** Pack the variances too. */
  readonly variances?: boolean;
  /** And the flat-field variance. */
  readonly flat?: boolean;
  /** Bytes of pixels that are packed at a time; the mosaic does not depend on it. */
  readonly windowBytes?: number;
}

/** What is packed of each pixel beside weight and data: nothing, or the roots of the read noise and this variance. */
export type Packing = "data" | "poisson" | "flat";

/** Packed pixels and, after the last, one of no weight: two floats each for data alone, which gain nothing as texels, or a texel. */
export type Packed<P extends Packing> = P extends "data" ? DeviceBuffer : DeviceTexels;

/** Tiles and the packed window that they read. */
export interface PackedBatch<P extends Packing> {
  readonly fast: RecordRange;
  readonly general: RecordRange;
  readonly window: PixelWindow;
  readonly input: Packed<P>;
}

/** More at a time is no faster, and device memory is what large mosaics lack. */
const WINDOW_BYTES = 64 << 20;
/** Of a packed pixel. */
const BYTES: Readonly<Record<Packing, number>> = { data: 8, poisson: 16, flat: 16 };
/** Windows are held in steps of so many bytes, so that exposures use each other's. */
const WINDOW_STEP = 1 << 20;

/**
 * An exposure as the gather kernels read it: window by window, each packed when it is asked for. Weights and roots are computed as
 * numpy does, in half precision for planes of halves; a missing read noise variance is err^2 less the others (romancal
 * lib/basic_utils.py compute_var_rnoise). Free it once the work that uses it is submitted.
 */
export class PackedExposure {
  private readonly held: (DeviceBuffer | DeviceTexels)[] = [];
  private readonly tileBuffers = new Map<string, DeviceBuffer>();
  private pairs: DeviceBuffer | undefined;
  private texels: DeviceTexels | undefined;
  private mapBuffer: DeviceBuffer | undefined;

  /** Throws UserError where a plane that the options ask for is missing. */
  constructor(
    private readonly gpu: Gpu,
    readonly planes: ExposurePlanes,
    readonly geometry: ExposureGeometry,
    readonly options: PackOptions,
  ) {
    if (options.flat && !planes.varFlat)
      throw new UserError("no array var_flat in an exposure; expected one, or include_var_flat off");
  }

  /** Whether variances are packed too. */
  get withVariances(): boolean {
    return this.options.variances === true;
  }

  get weighting(): Weighting {
    return this.options.weighting;
  }

  /** A tile table, uploaded when first asked for. */
  table(which: "fast" | "general" | "complete" | "whole"): DeviceBuffer {
    const { geometry } = this;
    let buffer = this.tileBuffers.get(which);
    if (!buffer) {
      const list = which === "fast" || which === "general" ? geometry.tables[which] : geometry[which].general;
      buffer = this.keep(this.gpu.upload(`${which} tiles`, list.words));
      this.tileBuffers.set(which, buffer);
    }
    return buffer;
  }

  /** The pixel map, where the general kernel must read it. */
  get map(): DeviceBuffer | undefined {
    const { geometry } = this;
    if (geometry.mapped)
      this.mapBuffer ??= this.keep(
        this.gpu.upload("pixel map", fixedPointMap(geometry.map, geometry.tables.fractionBits)),
      );
    return this.mapBuffer;
  }

  /** Record the packing of one window after another and `gather` for each: the same memory holds them all. */
  inBatches<P extends Packing>(
    rec: Recorder,
    tables: TileTables,
    band: Band,
    packing: P,
    gather: (batch: PackedBatch<P>) => void,
  ): void {
    const { nx, ny } = this.planes;
    const { windowBytes = WINDOW_BYTES } = this.options;
    const most = Math.min(windowBytes / BYTES[packing], this.most(packing)) - 1;
    const batches = tileBatches(tables, band.y0, band.ny, [ny, nx], most);
    const largest = batches.reduce((pixels, { window }) => Math.max(pixels, window.nx * window.ny + 1), 0);
    for (const batch of batches) {
      const input = this.windowOf(packing, largest);
      this.pack(rec, packing, batch.window, batch.spans, input);
      gather({ ...batch, input });
    }
  }

  /** Record the packing of a window into `input`; `spans`: the columns wanted of each of its rows, two a row. */
  pack<P extends Packing>(
    rec: Recorder,
    packing: P,
    window: PixelWindow,
    spans: Int32Array,
    input: Packed<P>,
  ): void {
    const { planes, options, geometry } = this;
    const limits = geometry.limits.subarray(2 * window.y0, 2 * (window.y0 + window.ny));
    recordPack(rec, planes, options, packing, window, this.keep(uploadSpans(this.gpu, spans, limits)), input);
  }

  free(): void {
    for (const held of this.held.splice(0)) held.free();
    this.pairs = this.texels = undefined;
    this.mapBuffer = undefined;
    this.tileBuffers.clear();
  }

  private windowOf<P extends Packing>(packing: P, pixels: number): Packed<P> {
    const window = packing === "data" ? this.pairsOf(pixels) : this.texelsOf(pixels);
    return window as Packed<P>;
  }

  private pairsOf(pixels: number): DeviceBuffer {
    if (!this.pairs || this.pairs.size < pixels * BYTES.data)
      this.pairs = this.keep(this.gpu.alloc("packed pixels", this.rounded(pixels, "data") * BYTES.data));
    return this.pairs;
  }

  private texelsOf(pixels: number): DeviceTexels {
    if (!this.texels || this.texels.count < pixels)
      this.texels = this.keep(this.gpu.texels("packed pixels", this.rounded(pixels, "poisson")));
    return this.texels;
  }

  private rounded(pixels: number, packing: Packing): number {
    const step = WINDOW_STEP / BYTES[packing];
    if (pixels <= step) return pixels;
    return Math.max(pixels, Math.min(Math.ceil(pixels / step) * step, this.most(packing)));
  }

  /** Most pixels that a window can have. */
  private most(packing: Packing): number {
    return packing === "data" ? this.gpu.limits.maxStorageBufferBindingSize / BYTES.data : MOST_TEXELS;
  }

  private keep<T extends DeviceBuffer | DeviceTexels>(held: T): T {
    this.held.push(held);
    return held;
  }
}

/** Columns wanted and columns visited of each row, four words a row. */
function uploadSpans(gpu: Gpu, wanted: Int32Array, visited: Int32Array): DeviceBuffer {
  const words = new Int32Array(2 * wanted.length);
  for (let k = 0; k < wanted.length; k += 2)
    words.set([wanted[k], wanted[k + 1], visited[k], visited[k + 1]], 2 * k);
  return gpu.upload("spans", words);
}

/**
 * Record the weighing of all pixels of an exposure, wherever they lie: pairs of weight and data, row-major.
 * The caller frees the buffer.
 */
export function weighPixels(
  gpu: Gpu,
  rec: Recorder,
  planes: ExposurePlanes,
  options: Pick<PackOptions, "goodBits" | "weighting">,
): DeviceBuffer {
  const { nx, ny } = planes;
  const input = gpu.alloc("weights", (nx * ny + 1) * 8);
  const everywhere = Int32Array.from({ length: 2 * ny }, (_, k) => (k & 1 ? nx - 1 : 0));
  const spans = uploadSpans(gpu, everywhere, everywhere);
  const window = { x0: 0, y0: 0, nx, ny };
  recordPack(rec, planes, { ...options, level: 0 }, "data", window, spans, input);
  spans.free();
  return input;
}

function recordPack(
  rec: Recorder,
  planes: ExposurePlanes,
  options: PackOptions,
  packing: Packing,
  window: PixelWindow,
  spans: DeviceBuffer,
  input: DeviceBuffer | DeviceTexels,
): void {
  const inputs = {
    params: packParams(planes, options, window),
    data: planes.data.buffer,
    rnoise: (planes.varRnoise ?? planes.err).buffer,
    poisson: planes.varPoisson.buffer,
    flat_variance: (planes.varFlat ?? planes.varPoisson).buffer,
    dq: planes.dq,
    spans,
  };
  const groups = [Math.ceil((Math.ceil(window.nx / 4) + 1) / 64), window.ny] as const;
  const constants = packConstants(planes, options, packing);
  if (input instanceof DeviceTexels) rec.run(packPlanes, { ...inputs, input }, groups, constants);
  else rec.run(packData, { ...inputs, input }, groups, constants);
}

const WEIGHTINGS = { ivm: 0, exptime: 1, "ivm-sky": 2 } as const;

function packParams(
  planes: ExposurePlanes,
  { goodBits, level, weighting }: PackOptions,
  window: PixelWindow,
) {
  return {
    nx: planes.nx,
    left: window.x0,
    bottom: window.y0,
    pitch: window.nx,
    rows: window.ny,
    bad_bits: goodBits === null ? 0 : ~goodBits >>> 0,
    level,
    amount: weighting.type === "exptime" ? weighting.time : 0,
    median: weighting.type === "ivm-sky" ? weighting.median : 0,
  };
}

/** Told of those planes alone that are read, so that few variants of the kernels are made. */
function packConstants(planes: ExposurePlanes, { weighting }: PackOptions, packing: Packing) {
  const derived = planes.varRnoise === undefined;
  const flat = packing === "flat" || (derived && planes.varFlat !== undefined);
  const poisson = packing === "poisson" || derived || weighting.type === "ivm-sky";
  const half = (plane: { half: boolean } | undefined, bit: number): number => (plane?.half ? bit : 0);
  return {
    WEIGHTING: WEIGHTINGS[weighting.type],
    HALVES:
      half(planes.varRnoise ?? planes.err, 1) |
      (poisson ? half(planes.varPoisson, 2) : 0) |
      (flat ? half(planes.varFlat, 4) : 0),
    DERIVE: derived ? 1 | (planes.varFlat ? 2 : 0) : 0,
    SECOND: packing === "flat" ? 1 : 0,
  };
}
