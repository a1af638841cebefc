import { UserError } from "../../host/errors.js";
import type { DeviceBuffer, Gpu, Recorder } from "../../gpu/index.js";
import { pack } from "../../shaders/drizzle/kernels.js";
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
}

/** An exposure as the gather kernels read it. Free it once the work that uses it is submitted. */
export interface PackedExposure {
  readonly geometry: ExposureGeometry;
  readonly weighting: Weighting;
  /** Weight and data, 8 bytes a pixel. */
  readonly input: DeviceBuffer;
  /** Roots of the read noise and the Poisson variance. */
  readonly errors: DeviceBuffer | undefined;
  /** Roots of the read noise and the flat-field variance. */
  readonly flatErrors: DeviceBuffer | undefined;
  /** The exposure's own DQ plane. */
  readonly dq: DeviceBuffer;
  /** The tile tables, uploaded when first asked for. */
  table(which: "fast" | "general" | "complete" | "whole"): DeviceBuffer;
  /** The pixel map, where the general kernel must read it. */
  readonly map: DeviceBuffer | undefined;
  free(): void;
}

/**
 * Record the packing of an exposure's planes. Weights and roots are computed as numpy does, in half precision for planes of
 * halves; a missing read noise variance is err^2 less the others (romancal lib/basic_utils.py compute_var_rnoise).
 * Throws UserError where a plane is missing or the image is larger than the device can bind.
 */
export function packExposure(
  gpu: Gpu,
  rec: Recorder,
  planes: ExposurePlanes,
  geometry: ExposureGeometry,
  options: PackOptions,
): PackedExposure {
  const { nx, ny } = planes;
  const bytes = (nx * ny + 1) * 8; // the gather kernels read one more pixel, of no weight
  if (bytes > gpu.limits.maxStorageBufferBindingSize)
    throw new UserError(
      `an image of ${ny} x ${nx} needs buffers of ${bytes} bytes; this device binds at most ${gpu.limits.maxStorageBufferBindingSize}: use another device`,
    );
  if (options.flat && !planes.varFlat)
    throw new UserError("no array var_flat in an exposure; expected one, or include_var_flat off");
  const buffers: DeviceBuffer[] = [];
  const keep = (buffer: DeviceBuffer): DeviceBuffer => {
    buffers.push(buffer);
    return buffer;
  };
  const input = keep(gpu.alloc("packed input", bytes));
  const limits = keep(gpu.upload("row limits", geometry.limits));
  const run = (errors: DeviceBuffer, withErrors: boolean, second: 0 | 1): void => {
    rec.run(
      pack,
      {
        params: packParams(planes, options, withErrors, second),
        data: planes.data.buffer,
        rnoise: (planes.varRnoise ?? planes.err).buffer,
        poisson: planes.varPoisson.buffer,
        flat_variance: (planes.varFlat ?? planes.varPoisson).buffer,
        dq: planes.dq,
        limits,
        input,
        errors,
      },
      [Math.ceil(nx / 64), ny],
    );
  };
  const errors = options.variances ? keep(gpu.alloc("packed errors", bytes)) : undefined;
  const flatErrors = options.flat ? keep(gpu.alloc("packed flat errors", bytes)) : undefined;
  const unused = keep(gpu.alloc("unused", 16));
  if (flatErrors) run(flatErrors, true, 1);
  run(errors ?? unused, errors !== undefined, 0);
  const { tables, map } = geometry;
  const tileBuffers = new Map<string, DeviceBuffer>();
  return {
    geometry,
    weighting: options.weighting,
    input,
    errors,
    flatErrors,
    dq: planes.dq,
    map: geometry.mapped ? keep(gpu.upload("pixel map", fixedPointMap(map, tables.fractionBits))) : undefined,
    table(which) {
      let buffer = tileBuffers.get(which);
      if (!buffer) {
        const list = which === "fast" || which === "general" ? tables[which] : geometry[which].general;
        buffer = keep(gpu.upload(`${which} tiles`, list.words));
        tileBuffers.set(which, buffer);
      }
      return buffer;
    },
    free() {
      for (const buffer of buffers.splice(0)) buffer.free();
      tileBuffers.clear();
    },
  };
}

/**
 * Record the weighing of all pixels of an exposure, wherever they lie: pairs of weight and data as {@link PackedExposure.input}.
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
  const limits = gpu.upload("row limits", everywhere);
  const unused = gpu.alloc("unused", 16);
  rec.run(
    pack,
    {
      params: packParams(planes, { ...options, level: 0 }, false, 0),
      data: planes.data.buffer,
      rnoise: (planes.varRnoise ?? planes.err).buffer,
      poisson: planes.varPoisson.buffer,
      flat_variance: (planes.varFlat ?? planes.varPoisson).buffer,
      dq: planes.dq,
      limits,
      input,
      errors: unused,
    },
    [Math.ceil(nx / 64), ny],
  );
  limits.free();
  unused.free();
  return input;
}

const WEIGHTINGS = { ivm: 0, exptime: 1, "ivm-sky": 2 } as const;

function packParams(
  planes: ExposurePlanes,
  { goodBits, level, weighting }: PackOptions,
  withErrors: boolean,
  second: 0 | 1,
) {
  const derived = planes.varRnoise === undefined;
  const half = (plane: { half: boolean } | undefined, bit: number): number => (plane?.half ? bit : 0);
  return {
    nx: planes.nx,
    ny: planes.ny,
    bad_bits: goodBits === null ? 0 : ~goodBits >>> 0,
    level,
    weighting: WEIGHTINGS[weighting.type],
    amount: weighting.type === "exptime" ? weighting.time : 0,
    median: weighting.type === "ivm-sky" ? weighting.median : 0,
    halves: half(planes.varRnoise ?? planes.err, 1) | half(planes.varPoisson, 2) | half(planes.varFlat, 4),
    derive: derived ? 1 | (planes.varFlat ? 2 : 0) : 0,
    second,
    with_errors: withErrors ? 1 : 0,
  };
}
