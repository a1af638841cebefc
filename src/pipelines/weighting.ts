import type { RunContext } from "./context.js";
import type { Weighting } from "./drizzle.js";
import type { Exposure, ExposurePlanes } from "./exposure.js";
import { OrderStatistics } from "./order_statistics.js";

/** romancal's `weight_type`; null: None. */
export type WeightType = "ivm" | "exptime" | "ivm-sky" | null;

const UNKNOWN = -999999;

/**
 * How the pixels of an exposure are weighted (stcal 1.20.0 resample/utils.py build_driz_weight): by 1 / var_rnoise, by
 * `exposure.exposure_time` (1 where it is not known), by 1 / sky variance, or (None) all alike.
 * Throws UserError where the exposure lacks what it takes.
 */
export async function weightingOf(
  { gpu }: Pick<RunContext, "gpu">,
  { model }: Exposure,
  planes: ExposurePlanes,
  type: WeightType,
): Promise<Weighting> {
  if (type === "ivm") return { type };
  if (type === null) return { type: "exptime", time: 1 };
  if (type === "exptime") {
    const time = model.metadata.number("exposure.exposure_time");
    return { type, time: Math.fround(time === UNKNOWN ? 1 : time) };
  }
  return { type, median: await usableMedian(gpu, planes) };
}

/** Median of the data without DO_NOT_USE (romancal 1.0.1 resample/_utils.py compute_var_sky), NaN left out; NaN if there are none. */
async function usableMedian(gpu: RunContext["gpu"], { nx, ny, data, dq }: ExposurePlanes): Promise<number> {
  const chunk = { values: data.buffer, guards: dq, count: nx * ny };
  const order = new OrderStatistics(gpu, [chunk], { mode: "usable" });
  const count = await order.count();
  return count === 0 ? NaN : order.median(0, count);
}
