import { UserError } from "../host/errors.js";
import { Skymap, type SkycellWcsInfo } from "../host/models/index.js";
import {
  makeOutputWcs,
  meanPixelArea,
  type OutputWcsOptions,
  type ReferenceWcsInfo,
  skycellWcs,
  type Wcs,
} from "../host/wcs/index.js";
import type { RunContext } from "./context.js";
import type { Exposure } from "./exposure.js";
import type { ModelLibrary } from "./library.js";

/** The pixels that exposures are resampled to. */
export interface MosaicGrid {
  readonly wcs: Wcs;
  /** [ny, nx] */
  readonly shape: readonly [number, number];
  /** Pixel scale of the grid over that of the first exposure. */
  readonly pixelScaleRatio: number;
}

const UNKNOWN = -999999;

/**
 * The sky cell that the association names, else a grid computed from the exposures' footprints (with `options`; a sky cell takes none).
 * A complete `skycell_wcs_info` needs no skymap; a bare name is looked up in it. Source: romancal 1.0.1 resample/resample.py
 * ResampleData, skycell/skymap.py SkyCells.from_asns. UserError where a named sky cell cannot be found.
 */
export async function mosaicGrid(
  ctx: RunContext,
  library: ModelLibrary,
  onSkycell: boolean,
  options: OutputWcsOptions = {},
): Promise<MosaicGrid> {
  const cell = onSkycell ? await skycellOf(ctx, library) : undefined;
  if (cell) {
    ctx.log.info(`Creating skycell image at ra: ${cell.ra_center}  dec ${cell.dec_center}`);
    ctx.log.info("Resampling to skycell wcs");
    return withRatio(skycellWcs(cell), library.exposures[0]);
  }
  const inputs = library.exposures.map(({ model, wcs }) => ({
    wcs,
    wcsinfo: referenceInfo(model.metadata),
    shape: model.shape,
  }));
  const { wcs, pixelScale, pixelScaleRatio } = makeOutputWcs(inputs, options);
  ctx.log.info(`Output pixel scale: ${pixelScale} arcsec.`);
  return { wcs, shape: shapeOf(wcs), pixelScaleRatio };
}

async function skycellOf(ctx: RunContext, library: ModelLibrary): Promise<SkycellWcsInfo | undefined> {
  const { association } = library;
  const complete = association.skycellWcsInfo;
  if (complete) return complete;
  const name = association.target;
  if (name === undefined || name.toLowerCase() === "none") {
    ctx.log.warn(
      "Unable to compute skycell from input association: cannot extract skycell information from an association " +
        "without `skycell_wcs_info` or `target`",
    );
    ctx.log.warn("Computing output wcs from all input wcses");
    return undefined;
  }
  const where = association.path ?? "association";
  if (ctx.skymap === undefined)
    throw new UserError(
      `${where}: target: sky cell ${name}, but no skymap was given; name one (--skymap FILE or SKYMAP_PATH), ` +
        "complete skycell_wcs_info, or set resample_on_skycell to false",
    );
  const skymap = await Skymap.open(ctx.skymap);
  try {
    const cell = await skymap.cell(name);
    if (!cell)
      throw new UserError(
        `${ctx.skymap}: no sky cell ${name}, which ${where} names as target; ` +
          "use the skymap that the association was made with",
      );
    return cell;
  } finally {
    await skymap.close();
  }
}

function referenceInfo(meta: Exposure["model"]["metadata"]): ReferenceWcsInfo {
  const get = (key: keyof ReferenceWcsInfo): number => meta.number(`wcsinfo.${key}`);
  return {
    ra_ref: get("ra_ref"),
    dec_ref: get("dec_ref"),
    roll_ref: get("roll_ref"),
    v3yangle: get("v3yangle"),
    vparity: get("vparity"),
  };
}

/** The ratio as stcal 1.20.0 Resample computes it from mean (output) and nominal (first input) pixel areas. */
export function withRatio(wcs: Wcs, first: Exposure): MosaicGrid {
  const shape = shapeOf(wcs);
  const output = meanPixelArea(wcs, shape);
  const nominal = first.model.metadata.optionalNumber("photometry.pixel_area");
  const input =
    nominal !== undefined && nominal !== UNKNOWN && nominal > 0
      ? nominal
      : meanPixelArea(first.wcs, first.model.shape);
  if (!output || !input || output < 0 || input < 0)
    throw new UserError(
      `${first.model.filename}: unable to determine the pixel area of the input or the output`,
    );
  return { wcs, shape, pixelScaleRatio: Math.sqrt(output / input) };
}

function shapeOf(wcs: Wcs): readonly [number, number] {
  const { arrayShape } = wcs;
  if (!arrayShape || arrayShape.some((side) => side < 1))
    throw new UserError(`the output WCS has no usable shape (${String(arrayShape)})`);
  return arrayShape;
}
