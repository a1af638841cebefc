import { roundToHalf } from "../host/numerics/half.js";
import { nodeAt, setNode } from "../host/models/index.js";
import type { Recorder } from "../gpu/index.js";
import { scalePlane } from "../shaders/flux/kernels.js";
import type { RunContext } from "./context.js";
import type { DevicePlane, ExposurePlanes } from "./exposure.js";
import { strides } from "./dispatch.js";
import type { ModelLibrary } from "./library.js";

/**
 * Brings every exposure from DN/s to MJy/sr, in place: data and err times meta.photometry.conversion_megajanskys, variances
 * times its square. An exposure whose cal_step.flux is COMPLETE is left as it is. Throws UserError where the conversion is
 * missing. Source: romancal 1.0.1 flux/flux_step.py.
 */
export function flux(ctx: RunContext, library: ModelLibrary): void {
  library.exposures.forEach((exposure, index) => {
    const { model } = exposure;
    if (nodeAt(model.meta, "cal_step.flux") === "COMPLETE") {
      ctx.log.info(`flux: ${model.filename} is already in MJy/sr`);
    } else {
      const conversion = model.metadata.number("photometry.conversion_megajanskys");
      exposure.transform((rec, planes) => recordFlux(rec, planes, conversion));
      setNode(model.meta, "cal_step.flux", "COMPLETE");
    }
    ctx.progress("flux", (index + 1) / library.length);
  });
}

/**
 * Records the scaling of an exposure's planes by `conversion` (MJy/sr per DN/s). As numpy does, the factor is rounded to the
 * plane's type first and each product once more (NEP 50: a Python float takes the array's type).
 */
export function recordFlux(rec: Recorder, planes: Partial<ExposurePlanes>, conversion: number): void {
  for (const plane of [planes.data, planes.err]) if (plane) recordScale(rec, plane, conversion);
  for (const plane of [planes.varRnoise, planes.varPoisson, planes.varFlat]) {
    if (plane) recordScale(rec, plane, conversion ** 2);
  }
}

function recordScale(rec: Recorder, { buffer, nx, ny, half }: DevicePlane, factor: number): void {
  const words = half ? Math.ceil((nx * ny) / 2) : nx * ny;
  const params = { words, factor: half ? roundToHalf(factor) : Math.fround(factor) };
  rec.run(scalePlane, { params, plane: buffer }, [strides(words)], { HALF: half });
}
