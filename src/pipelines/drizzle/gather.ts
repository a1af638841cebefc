import type { DeviceBuffer, Recorder } from "../../gpu/index.js";
import type { TileTables } from "../../host/wcs/tiles.js";
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
import type { Packed, PackedBatch, PackedExposure, Packing } from "./pack.js";
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
  if (variances && !exposure.withVariances)
    throw new Error("drizzleInto: the exposure was packed without variances");
  if (variances && !constant) pass.planes(variances);
  else pass.data();
  if (variances && constant && variances.rnoiseSum) {
    pass.variance("poisson", variances.rnoiseSum, variances.rnoiseWeight, 3);
    pass.variance("poisson", variances.poissonSum, variances.poissonMissing, 1);
  }
  if (variances) pass.coverage(variances, constant);
  if (variances?.flatSum && variances.flatWeight && exposure.options.flat)
    pass.variance("flat", variances.flatSum, variances.flatWeight, constant ? 1 : 0);
  if (sums.dq) pass.flags(sums.dq);
  sums.fresh = false;
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
    const outputs = { data, weight, context: this.context };
    this.dispatch("signal", "data", (at, input) => {
      const all = { ...at.inputs, input, ...outputs };
      const kernel = at.isFast ? fastData : at.spread ? spreadData : generalData;
      this.rec.run(kernel, all, at.groups, { ...at.constants, ...at.signal });
    });
  }

  planes({ rnoiseWeight, poissonSum, poissonMissing, exposureTime }: VarianceSums): void {
    const { data, weight } = this.sums;
    const outputs = {
      data,
      weight,
      context: this.context,
      rnoise_weight: rnoiseWeight,
      poisson_sum: poissonSum,
      poisson_missing: poissonMissing,
      exposure_time: exposureTime,
    };
    const amount = this.coversWhole ? 0 : (this.options.exposureTime ?? 0);
    this.dispatch("signal", "poisson", (at, input) => {
      const all = { ...at.inputs, params: { ...at.params, amount }, input, ...outputs };
      const kernel = at.isFast ? fastPlanes : at.spread ? spreadPlanes : generalPlanes;
      this.rec.run(kernel, all, at.groups, { ...at.constants, ...at.signal });
    });
  }

  /** Exposure time where planes() has not added it: whole pixels, whatever pixfrac is. */
  coverage({ exposureTime }: VarianceSums, constant: boolean): void {
    const amount = this.options.exposureTime ?? 0;
    if (amount === 0 || !(constant || this.coversWhole)) return;
    this.dispatch("whole", "poisson", (at, input) =>
      this.rec.run(
        at.spread ? spreadCoverage : generalCoverage,
        {
          ...at.inputs,
          params: { ...at.params, amount, half_side: 0.5, bit: this.untold ? 0 : this.bit },
          input,
          context: this.bit ? this.context : this.exposure.planes.dq, // not looked at without a bit
          exposure_time: exposureTime,
        },
        at.groups,
        at.constants,
      ),
    );
  }

  variance(packing: "poisson" | "flat", sum: DeviceBuffer, weight: DeviceBuffer, constant: number): void {
    const { weighting } = this.exposure;
    const amount = weighting.type === "exptime" ? weighting.time : 0;
    this.dispatch("complete", packing, (at, input) =>
      this.rec.run(
        at.spread ? spreadVariance : generalVariance,
        {
          ...at.inputs,
          params: { ...at.params, amount, constant },
          input,
          variance_sum: sum,
          variance_weight: weight,
        },
        at.groups,
        at.constants,
      ),
    );
  }

  flags(outDq: DeviceBuffer): void {
    const { dq } = this.exposure.planes;
    this.dispatch("complete", "data", (at, input) =>
      this.rec.run(
        at.spread ? spreadFlags : generalFlags,
        { ...at.inputs, input, dq, out_dq: outDq },
        at.groups,
        at.constants,
      ),
    );
  }

  /** Whether the exposure time is not told by what planes() sees: shrunken pixels cover less than whole ones. */
  private get coversWhole(): boolean {
    return this.untold || this.exposure.geometry.pixfrac !== 1;
  }

  /** Pack and hand on what each dispatch over the tiles of the band needs: both lists of the signal's tables, or the one that holds all. */
  private dispatch<P extends Packing>(
    which: "signal" | "complete" | "whole",
    packing: P,
    run: (at: ReturnType<Pass["at"]>, input: Packed<P>) => void,
  ): void {
    const { rec, exposure, sums } = this;
    const tables = which === "signal" ? exposure.geometry.tables : exposure.geometry[which];
    const generalTable = which === "signal" ? "general" : which;
    exposure.inBatches(rec, tables, sums.band, packing, (batch) => {
      if (batch.fast.count > 0) run(this.at("fast", tables, batch), batch.input);
      if (batch.general.count > 0) run(this.at(generalTable, tables, batch), batch.input);
    });
  }

  private at(which: Which, tables: TileTables, batch: PackedBatch<Packing>) {
    const { geometry, map } = this.exposure;
    const { sums } = this;
    const { window } = batch;
    const isFast = which === "fast";
    const { first, count } = isFast ? batch.fast : batch.general;
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
      x0: sums.band.x0 ?? 0,
      y0: sums.band.y0,
      ny: sums.band.ny,
      one: 2 ** tables.fractionBits,
      unit: 2 ** -tables.fractionBits,
      half_side: geometry.pixfrac / 2,
      bit: this.bit,
      amount: 0,
      constant: 0,
      left: window.x0,
      bottom: window.y0,
      pitch: window.nx,
      blank: window.nx * window.ny,
      ...spreadParams(spread, tables.fractionBits),
    };
    const general = { MAPPED: geometry.mapped, ...(spread ? { KERNEL: spread.kernel } : {}) };
    return {
      params,
      inputs: { params, tiles, map: map ?? tiles },
      groups: [columns, Math.ceil(count / columns)] as const,
      isFast,
      spread: spread !== undefined,
      constants: { TILE: tables.tile, ...(isFast ? {} : general) },
      // tiles of the general table are few: one variant of their kernels does
      signal: { FIRST: isFast && sums.fresh, CONTEXT: this.bit !== 0 },
    };
  }
}
