import { UserError } from "../host/errors.js";
import { MosaicSegmentationMap, MosaicSourceCatalog, WfiImage, WfiMosaic } from "../host/models/index.js";
import type { ModelLibrary } from "./library.js";
import type { Hook } from "./option_types.js";
import type { CatalogProducts } from "./options.js";
import type { ResampleResult } from "./resample.js";

/** What a hook may give back in place of what it was called with. */
interface Kind<T> {
  readonly words: string;
  is(value: unknown): value is T;
}

const MOSAIC: Kind<WfiMosaic> = {
  words: "a WfiMosaic",
  is: (value): value is WfiMosaic => value instanceof WfiMosaic,
};
const IMAGES: Kind<readonly WfiImage[]> = {
  words: "a list of at least one WfiImage",
  is: (value): value is readonly WfiImage[] =>
    Array.isArray(value) && value.length > 0 && value.every((one) => one instanceof WfiImage),
};
const CATALOG: Kind<CatalogProducts> = {
  words: "{ catalog, segmentation }",
  is: (value): value is CatalogProducts => {
    const { catalog, segmentation } = value as Partial<CatalogProducts>;
    return catalog instanceof MosaicSourceCatalog && segmentation instanceof MosaicSegmentationMap;
  },
};

/** Calls hooks in order; what one gives back takes the place of what it was called with. Source: stpipe 0.12 step.py run. */
async function callAll<T>(hooks: readonly Hook<T>[], subject: T, kind: Kind<T>): Promise<T> {
  let current = subject;
  for (const hook of hooks) {
    const result: unknown = await hook(current);
    if (result === undefined || result === null) continue;
    if (!kind.is(result))
      throw new UserError(`a hook gave back something else than ${kind.words} or nothing`);
    current = result;
  }
  return current;
}

/** Hooks on exposures as the steps left them; what they change, arrays too, and what they give back, the next step sees. */
export async function callExposureHooks(
  hooks: readonly Hook<readonly WfiImage[]>[],
  library: ModelLibrary,
): Promise<ModelLibrary> {
  if (hooks.length === 0) return library;
  for (const exposure of library.exposures) await exposure.handOver();
  const models = library.exposures.map(({ model }) => model);
  const changed = await callAll(hooks, models, IMAGES);
  return changed === models ? library : library.withModels(changed);
}

/** Hooks on the mosaic, whose arrays they may change; the copy on the device is let go then. */
export async function callMosaicHooks(
  hooks: readonly Hook<WfiMosaic>[],
  result: ResampleResult,
): Promise<ResampleResult> {
  if (hooks.length === 0) return result;
  for (const buffer of Object.values(result.planes ?? {})) buffer.free();
  return { mosaic: await callAll(hooks, result.mosaic, MOSAIC) };
}

/** Hooks on what source_catalog made. */
export function callCatalogHooks(
  hooks: readonly Hook<CatalogProducts>[],
  found: CatalogProducts,
): Promise<CatalogProducts> {
  return callAll(hooks, found, CATALOG);
}
