import type { ModelLibrary } from "./library.js";
import type { Hook } from "./option_types.js";
import type { ResampleResult } from "./resample.js";
import type { WfiImage, WfiMosaic } from "../host/models/index.js";

/** Calls hooks in order; source: stpipe 0.12 step.py run. */
export async function callHooks<T>(hooks: readonly Hook<T>[], subject: T): Promise<void> {
  for (const hook of hooks) await hook(subject);
}

/** Calls hooks with the exposures as the steps left them; what they change, arrays too, the next step sees. */
export async function callExposureHooks(
  hooks: readonly Hook<readonly WfiImage[]>[],
  { exposures }: ModelLibrary,
): Promise<void> {
  if (hooks.length === 0) return;
  for (const exposure of exposures) await exposure.handOver();
  const models = exposures.map(({ model }) => model);
  await callHooks(hooks, models);
}

/** Calls hooks with the mosaic, whose arrays they may change; the copy on the device is let go then. */
export async function callMosaicHooks(
  hooks: readonly Hook<WfiMosaic>[],
  result: ResampleResult,
): Promise<ResampleResult> {
  if (hooks.length === 0) return result;
  for (const buffer of Object.values(result.planes ?? {})) buffer.free();
  await callHooks(hooks, result.mosaic);
  return { mosaic: result.mosaic };
}
