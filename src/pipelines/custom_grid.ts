import { loadArrays, openAsdf } from "../host/asdf/index.js";
import { UserError } from "../host/errors.js";
import { Wcs } from "../host/wcs/index.js";
import type { RunContext } from "./context.js";
import type { ModelLibrary } from "./library.js";
import { type MosaicGrid, withRatio } from "./mosaic_grid.js";

/**
 * The grid of `output_wcs`: the WCS under the key `wcs` of an ASDF file. Its size is `shape` ([ny, nx]) where given, else its
 * pixel_shape, else that of its bounding box. Source: romancal 1.0.1 resample/resample_step.py _load_custom_wcs.
 * Throws UserError where the file cannot be read, has no WCS of two axes, or nothing tells the size.
 */
export async function customGrid(
  ctx: RunContext,
  library: ModelLibrary,
  path: string,
  shape: readonly [number, number] | undefined,
): Promise<MosaicGrid> {
  const file = await openAsdf(path);
  try {
    const node = file.tree.wcs;
    if (node === undefined)
      throw new UserError(`${path}: no key "wcs"; expected the WCS of the mosaic (output_wcs) under it`);
    await loadArrays(node, Infinity);
    const wcs = await Wcs.fromAsdf(node, `${path}: wcs`);
    const sized = wcs.with({ arrayShape: shape ?? wcs.arrayShape ?? shapeOfBox(wcs, path) });
    const grid = withRatio(sized, library.exposures[0]);
    ctx.log.info(`Resampling to the WCS of ${path}: ${grid.shape[1]} x ${grid.shape[0]} pixels`);
    return grid;
  } finally {
    await file.close();
  }
}

function shapeOfBox({ boundingBox }: Wcs, path: string): readonly [number, number] {
  if (!boundingBox)
    throw new UserError(
      `${path}: wcs: output_shape is required for a WCS without pixel_shape and bounding box; set resample.output_shape`,
    );
  const [nx, ny] = boundingBox.map(([low, high]) => Math.trunc(high - low + 0.5));
  return [ny, nx];
}
