import type { DeviceBuffer, Gpu, Recorder } from "../../gpu/index.js";
import { addTimes, fill as fillKernel, finishVariances } from "../../shaders/drizzle/kernels.js";
import type { Band, Window } from "../context.js";
import { bitsOf, strides } from "../dispatch.js";

export interface AccumulatorOptions {
  /** Exposures that set a bit in the context, 32 a plane; 0 for no context. */
  readonly contexts?: number;
  /** Variances, their error and the exposure time. */
  readonly variances?: boolean;
  readonly flat?: boolean;
  /** Variances are weighted by a constant an exposure (weight_type exptime). */
  readonly constantWeights?: boolean;
  /** DQ flags of the contributing pixels. */
  readonly flags?: boolean;
}

/** Most rows of `nx` columns that a plane of sums can have on this device. */
export function mostRows(gpu: Gpu, nx: number): number {
  return Math.floor(gpu.limits.maxStorageBufferBindingSize / (4 * nx));
}

/** Sums over the exposures for one band of the mosaic: band.ny rows of nx pixels from column band.x0 (0) on. */
export class Accumulators {
  readonly data: DeviceBuffer;
  readonly weight: DeviceBuffer;
  readonly context: DeviceBuffer[] = [];
  readonly dq: DeviceBuffer | undefined;
  readonly variances: VarianceSums | undefined;
  /** Stands for bindings that a kernel does not touch. */
  readonly unused: DeviceBuffer;
  /** Exposure time of each context bit, seconds. */
  readonly times: number[] = [];
  /** Nothing has been added yet. */
  fresh = true;
  private readonly all: DeviceBuffer[] = [];

  /** Records the clearing of all planes. */
  constructor(
    private readonly gpu: Gpu,
    rec: Recorder,
    readonly nx: number,
    readonly band: Band & Partial<Window>,
    readonly options: AccumulatorOptions,
  ) {
    const plane = (label: string, bytes = nx * band.ny * 4): DeviceBuffer => {
      const buffer = gpu.alloc(`drizzle ${label}`, bytes);
      this.all.push(buffer);
      rec.clear(buffer);
      return buffer;
    };
    this.data = plane("data");
    this.weight = plane("weight");
    const planes = Math.ceil((options.contexts ?? 0) / 32);
    for (let k = 0; k < planes; k++) this.context.push(plane(`context ${k}`));
    if (options.flags) this.dq = plane("dq");
    this.unused = plane("unused", 16);
    if (options.variances)
      this.variances = {
        rnoiseWeight: plane("1 / var_rnoise"),
        rnoiseSum: options.constantWeights ? plane("var_rnoise") : undefined,
        poissonSum: plane("var_poisson"),
        poissonMissing: plane("weight without var_poisson"),
        flatSum: options.flat ? plane("var_flat") : undefined,
        flatWeight: options.flat ? plane("weight of var_flat") : undefined,
        exposureTime: plane("exposure time"),
      };
  }

  /** The times as the device reads them; to be recorded before the sums are freed. */
  uploadTimes(): DeviceBuffer {
    const times = Float32Array.from({ length: 32 * this.context.length }, (_, k) => this.times[k] ?? 0);
    const buffer = this.gpu.upload("exposure times", times);
    this.all.push(buffer);
    return buffer;
  }

  /** Frees all planes but those to `keep`, which are the caller's from then on. */
  free(keep: readonly DeviceBuffer[] = []): void {
    for (const buffer of this.all.splice(0)) if (!keep.includes(buffer)) buffer.free();
  }
}

export interface VarianceSums {
  readonly rnoiseWeight: DeviceBuffer;
  readonly rnoiseSum: DeviceBuffer | undefined;
  readonly poissonSum: DeviceBuffer;
  /** Weights of the read noise where there was no Poisson variance; the weights of the Poisson variance with constant weights. */
  readonly poissonMissing: DeviceBuffer;
  readonly flatSum: DeviceBuffer | undefined;
  readonly flatWeight: DeviceBuffer | undefined;
  /** Exposure times that no context bit tells of. */
  readonly exposureTime: DeviceBuffer;
}

/** Planes of a band of the mosaic; they are the accumulators' buffers. */
export interface ResampledPlanes {
  readonly data: DeviceBuffer;
  readonly weight: DeviceBuffer;
  readonly context: readonly DeviceBuffer[];
  readonly dq: DeviceBuffer | undefined;
  readonly varRnoise: DeviceBuffer | undefined;
  readonly varPoisson: DeviceBuffer | undefined;
  readonly varFlat: DeviceBuffer | undefined;
  readonly err: DeviceBuffer | undefined;
  /** Seconds; the sum of the exposure times that cover a pixel. */
  readonly exposureTime: DeviceBuffer | undefined;
}

/**
 * Turn the sums into planes of nx * band.ny pixels, in place, once: `fill` where nothing contributed; variances, their NaN and the error as stcal 1.20
 * Resample.finalize_resample_variance and compute_err "from_var". `pixelScaleRatio`: output to input pixel scale, or undefined for no scaling.
 */
export function finalize(
  rec: Recorder,
  sums: Accumulators,
  { fill, pixelScaleRatio }: { fill: number; pixelScaleRatio?: number },
): ResampledPlanes {
  const { data, weight, variances: v } = sums;
  const count = Math.ceil((sums.nx * sums.band.ny) / 4);
  const groups = [strides(4 * count)] as const;
  rec.run(fillKernel, { params: { count, fill: bitsOf(fill) }, data, weight }, groups);
  if (v) {
    const params = {
      count,
      scaling: pixelScaleRatio === undefined ? 1 : 1 / pixelScaleRatio ** 2,
      with_flat: v.flatSum ? 1 : 0,
      rnoise_summed: v.rnoiseSum ? 1 : 0,
    };
    rec.run(
      finishVariances,
      {
        params,
        rnoise_sum: v.rnoiseSum ?? weight,
        rnoise_weight: v.rnoiseWeight,
        poisson_sum: v.poissonSum,
        poisson_missing: v.poissonMissing,
        flat_sum: v.flatSum ?? sums.unused,
        flat_weight: v.flatWeight ?? weight,
      },
      groups,
    );
    const times = sums.context.length ? sums.uploadTimes() : undefined;
    sums.context.forEach((context, k) =>
      rec.run(
        addTimes,
        { params: { count, first: 32 * k }, times: times!, context, exposure_time: v.exposureTime },
        groups,
      ),
    );
  }
  return {
    data,
    weight,
    context: sums.context,
    dq: sums.dq,
    varRnoise: v?.rnoiseWeight,
    varPoisson: v?.poissonSum,
    varFlat: v?.flatSum,
    err: v?.poissonMissing,
    exposureTime: v?.exposureTime,
  };
}
