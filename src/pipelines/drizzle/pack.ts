import { UserError } from "../../host/errors.js";
import type { DeviceBuffer, Gpu, Recorder } from "../../gpu/index.js";
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

/** Tiles and the packed window that they read. */
export interface PackedBatch {
  readonly fast: RecordRange;
  readonly general: RecordRange;
  readonly window: PixelWindow;
  /** Of the window's pixels, and one of no weight after the last: 2 floats each, or 4 with roots. */
  readonly input: DeviceBuffer;
}

/** More at a time is no faster, and device memory is what large mosaics lack. */
const WINDOW_BYTES = 64 << 20;
/** Windows are held in steps of so many bytes, so that exposures use each other's. */
const WINDOW_STEP = 1 << 20;

/**
 * An exposure as the gather kernels read it: window by window, each packed when it is asked for. Weights and roots are computed as
 * numpy does, in half precision for planes of halves; a missing read noise variance is err^2 less the others (romancal
 * lib/basic_utils.py compute_var_rnoise). Free it once the work that uses it is submitted.
 */
export class PackedExposure {
  private readonly buffers: DeviceBuffer[] = [];
  private readonly tileBuffers = new Map<string, DeviceBuffer>();
  private window: DeviceBuffer | undefined;
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
  inBatches(
    rec: Recorder,
    tables: TileTables,
    band: Band,
    packing: Packing,
    gather: (batch: PackedBatch) => void,
  ): void {
    const { nx, ny } = this.planes;
    const bytesPerPixel = packing === "data" ? 8 : 16;
    const { windowBytes = WINDOW_BYTES } = this.options;
    const most = Math.min(windowBytes, this.gpu.limits.maxStorageBufferBindingSize) / bytesPerPixel - 1;
    const batches = tileBatches(tables, band.y0, band.ny, [ny, nx], most);
    const largest = batches.reduce((pixels, { window }) => Math.max(pixels, window.nx * window.ny + 1), 0);
    for (const batch of batches) {
      const input = this.windowOf(largest * bytesPerPixel);
      this.pack(rec, packing, batch.window, batch.spans, input);
      gather({ ...batch, input });
    }
  }

  /** Record the packing of a window into `input`; `spans`: the columns wanted of each of its rows, two a row. */
  pack(rec: Recorder, packing: Packing, window: PixelWindow, spans: Int32Array, input: DeviceBuffer): void {
    const { planes, options, geometry } = this;
    const limits = geometry.limits.subarray(2 * window.y0, 2 * (window.y0 + window.ny));
    recordPack(rec, planes, options, packing, window, this.keep(uploadSpans(this.gpu, spans, limits)), input);
  }

  free(): void {
    for (const buffer of this.buffers.splice(0)) buffer.free();
    this.window?.free();
    this.window = this.mapBuffer = undefined;
    this.tileBuffers.clear();
  }

  private windowOf(bytes: number): DeviceBuffer {
    if (this.window && this.window.size >= bytes) return this.window;
    if (this.window) this.keep(this.window); // what is recorded reads it
    const rounded = bytes > WINDOW_STEP ? Math.ceil(bytes / WINDOW_STEP) * WINDOW_STEP : bytes;
    const most = this.gpu.limits.maxStorageBufferBindingSize;
    return (this.window = this.gpu.alloc("packed pixels", Math.max(bytes, Math.min(rounded, most))));
  }

  private keep(buffer: DeviceBuffer): DeviceBuffer {
    this.buffers.push(buffer);
    return buffer;
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
  input: DeviceBuffer,
): void {
  rec.run(
    packing === "data" ? packData : packPlanes,
    {
      params: packParams(planes, options, window),
      data: planes.data.buffer,
      rnoise: (planes.varRnoise ?? planes.err).buffer,
      poisson: planes.varPoisson.buffer,
      flat_variance: (planes.varFlat ?? planes.varPoisson).buffer,
      dq: planes.dq,
      spans,
      input,
    },
    [Math.ceil((Math.ceil(window.nx / 4) + 1) / 64), window.ny],
    packConstants(planes, options, packing),
  );
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
