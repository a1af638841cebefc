import type { DeviceBuffer, Recorder } from "../../gpu/index.js";
import { recordsIn, type TileTables } from "../../host/wcs/tiles.js";
import {
  fastData,
  fastPlanes,
  generalCoverage,
  generalData,
  generalFlags,
  generalPlanes,
  generalVariance,
  spreadCoverage,
  spreadData,
  spreadFlags,
  spreadPlanes,
  spreadVariance,
} from "../../shaders/drizzle/kernels.js";
import type { Accumulators, VarianceSums } from "./accumulators.js";
import type { PackedExposure } from "./pack.js";
import { spreadParams } from "./spread.js";

export interface DrizzleFlags {
  /** Index of the exposure in the context, from 0; no bit is set without it. */
  readonly context?: number;
  /** Seconds to add where the exposure's good pixels cover (romancal: effective_exposure_time); with variances only. */
  readonly exposureTime?: number;
}

const MOST_COLUMNS = 32768;

/**
 * Record the drizzling of one exposure into the sums of a band, after what was recorded before: drizzle 2.2.0's
 * kernels for data, weight and context; stcal 1.20 resample_variance_arrays for the variances; romancal's
 * _exptime_resampler.py for the exposure time. The order of sums is fixed: two runs, and any banding, give the same bits.
 */
export function drizzleInto(
  rec: Recorder,
  sums: Accumulators,
  exposure: PackedExposure,
  flags: DrizzleFlags = {},
): void {
  const pass = new Pass(rec, sums, exposure, flags);
  const constant = exposure.weighting.type === "exptime";
  const { variances } = sums;
  if (variances && !exposure.errors)
    throw new Error("drizzleInto: the exposure was packed without variances");
  if (variances && !constant) pass.planes(variances);
  else pass.data();
  if (variances && constant && variances.rnoiseSum) {
    pass.variance(exposure.errors!, variances.rnoiseSum, variances.rnoiseWeight, 3);
    pass.variance(exposure.errors!, variances.poissonSum, variances.poissonMissing, 1);
  }
  if (variances) pass.coverage(variances, constant);
  if (variances?.flatSum && variances.flatWeight && exposure.flatErrors)
    pass.variance(exposure.flatErrors, variances.flatSum, variances.flatWeight, constant ? 1 : 0);
  if (sums.dq) pass.flags(sums.dq);
}

type Which = "fast" | "general" | "complete" | "whole";

/** The dispatches of one exposure into one band. */
class Pass {
  private readonly bit: number;
  private readonly context: DeviceBuffer;
  /** Exposure time follows from no context bit: its kernel is square and leaves out pixels that the signal's has. */
  private readonly untold: boolean;

  constructor(
    private readonly rec: Recorder,
    private readonly sums: Accumulators,
    private readonly exposure: PackedExposure,
    private readonly options: DrizzleFlags,
  ) {
    const { context } = options;
    const plane = context === undefined ? undefined : sums.context[context >> 5];
    if (context !== undefined && sums.context.length && !plane)
      throw new Error(`drizzleInto: context ${context} of ${32 * sums.context.length}`);
    this.bit = plane ? (1 << (context! & 31)) >>> 0 : 0;
    this.context = plane ?? sums.unused;
    const { spread, wholeSpread } = exposure.geometry;
    this.untold = spread !== undefined && !wholeSpread;
    if (plane) sums.times[context!] = this.untold ? 0 : (options.exposureTime ?? 0);
  }

  data(): void {
    const { data, weight } = this.sums;
    const outputs = { input: this.exposure.input, data, weight, context: this.context };
    this.dispatch("fast", (at) =>
      this.rec.run(fastData, { params: at.params, tiles: at.tiles, ...outputs }, at.groups, at.fast),
    );
    this.dispatch("general", (at) =>
      this.rec.run(at.spread ? spreadData : generalData, { ...at.inputs, ...outputs }, at.groups, at.general),
    );
  }

  planes({ rnoiseWeight, poissonSum, poissonMissing, exposureTime }: VarianceSums): void {
    const { data, weight } = this.sums;
    const { input } = this.exposure;
    const errors = this.exposure.errors!;
    const outputs = {
      input,
      errors,
      data,
      weight,
      context: this.context,
      rnoise_weight: rnoiseWeight,
      poisson_sum: poissonSum,
      poisson_missing: poissonMissing,
    };
    const amount = this.options.exposureTime ?? 0;
    this.dispatch("fast", (at) =>
      this.rec.run(
        fastPlanes,
        { params: { ...at.params, amount }, tiles: at.tiles, ...outputs, exposure_time: exposureTime },
        at.groups,
        at.fast,
      ),
    );
    this.dispatch("general", (at) =>
      this.rec.run(
        at.spread ? spreadPlanes : generalPlanes,
        { ...at.inputs, ...outputs },
        at.groups,
        at.general,
      ),
    );
  }

  /** Exposure time where planes() has not added it: whole pixels, whatever pixfrac is. */
  coverage({ exposureTime }: VarianceSums, constant: boolean): void {
    const amount = this.options.exposureTime ?? 0;
    if (amount === 0) return;
    const { input } = this.exposure;
    const errors = this.exposure.errors!;
    const which = constant || this.untold || this.exposure.geometry.pixfrac !== 1 ? "whole" : "general";
    this.dispatch(which, (at) =>
      this.rec.run(
        at.spread ? spreadCoverage : generalCoverage,
        {
          ...at.inputs,
          params: { ...at.params, amount, half_side: 0.5, bit: this.untold ? 0 : this.bit },
          input,
          errors,
          context: this.bit ? this.context : this.exposure.dq, // not looked at without a bit
          exposure_time: exposureTime,
        },
        at.groups,
        at.general,
      ),
    );
  }

  variance(errors: DeviceBuffer, sum: DeviceBuffer, weight: DeviceBuffer, constant: number): void {
    const { weighting, input } = this.exposure;
    const amount = weighting.type === "exptime" ? weighting.time : 0;
    this.dispatch("complete", (at) =>
      this.rec.run(
        at.spread ? spreadVariance : generalVariance,
        {
          ...at.inputs,
          params: { ...at.params, amount, constant },
          input,
          errors,
          variance_sum: sum,
          variance_weight: weight,
        },
        at.groups,
        at.general,
      ),
    );
  }

  flags(outDq: DeviceBuffer): void {
    const { input, dq } = this.exposure;
    this.dispatch("complete", (at) =>
      this.rec.run(
        at.spread ? spreadFlags : generalFlags,
        { ...at.inputs, input, dq, out_dq: outDq },
        at.groups,
        at.general,
      ),
    );
  }

  /** Hand on what a dispatch over the records of one table within the band needs; nothing where there are none. */
  private dispatch(which: Which, run: (at: ReturnType<Pass["at"]>) => void): void {
    const { geometry } = this.exposure;
    const tables = which === "complete" || which === "whole" ? geometry[which] : geometry.tables;
    const list = which === "fast" ? tables.fast : tables.general;
    const { band } = this.sums;
    const { first, count } = recordsIn(list, tables.tile, band.y0, band.ny);
    if (count > 0) run(this.at(which, tables, first, count));
  }

  private at(which: Which, tables: TileTables, first: number, count: number) {
    const { geometry, map } = this.exposure;
    const { sums } = this;
    const columns = Math.min(count, MOST_COLUMNS);
    const tiles = this.exposure.table(which);
    const spread = which === "whole" ? geometry.wholeSpread : geometry.spread;
    const params = {
      first,
      count,
      columns,
      in_nx: geometry.map.nx,
      in_ny: geometry.map.ny,
      nx: sums.nx,
      y0: sums.band.y0,
      ny: sums.band.ny,
      one: 2 ** tables.fractionBits,
      unit: 2 ** -tables.fractionBits,
      half_side: geometry.pixfrac / 2,
      bit: this.bit,
      amount: 0,
      constant: 0,
      ...spreadParams(spread, tables.fractionBits),
    };
    return {
      params,
      tiles,
      inputs: { params, tiles, map: map ?? tiles },
      groups: [columns, Math.ceil(count / columns)] as const,
      fast: { TILE: tables.tile },
      spread: spread !== undefined,
      general: {
        TILE: tables.tile,
        MAPPED: geometry.mapped,
        ...(spread ? { KERNEL: spread.kernel } : {}),
      },
    };
  }
}
