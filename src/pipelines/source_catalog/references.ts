import { DustMaps } from "../../host/dust/dust_maps.js";
import { UserError } from "../../host/errors.js";
import { nodeAt, readApcorr, Skymap, type WfiMosaic } from "../../host/models/index.js";
import type { PsfStamp } from "../../host/psf/l3_psf.js";
import type { RunContext } from "../context.js";
import type { SourceCatalogOptions } from "../options.js";
import { energyCurve, type EnergyCurve } from "./catalog_energy.js";
import { readMosaicPsf } from "./catalog_psf.js";
import type { SpatialFrame } from "./catalog_spatial_id.js";

/** Said where fit_psf is asked for without a reference. */
export const NO_EPSF =
  "source_catalog: no ePSF reference: name one with --steps.source_catalog.override_epsf=FILE, or say --steps.source_catalog.fit_psf=false";

type ReferenceContext = Pick<RunContext, "log" | "skymap" | "dustMaps">;

/** What a catalog takes from elsewhere than the mosaic; what is absent leaves its columns out, or without value. */
export interface CatalogReferences {
  readonly energy?: EnergyCurve;
  readonly psf?: PsfStamp;
  readonly dust?: DustMaps;
}

/** Reads the references that a catalog needs. Throws UserError where one is missing or not of this mosaic. */
export async function openReferences(
  ctx: ReferenceContext,
  mosaic: WfiMosaic,
  options: SourceCatalogOptions,
): Promise<CatalogReferences> {
  return {
    energy: await readEnergy(ctx, mosaic, options),
    psf: await readPsf(mosaic, options),
    dust: ctx.dustMaps === undefined ? undefined : await DustMaps.open(ctx.dustMaps),
  };
}

/** The mosaic's PSF, where it is to be fitted. Throws UserError where the reference is not given or cannot give it. */
async function readPsf(mosaic: WfiMosaic, options: SourceCatalogOptions): Promise<PsfStamp | undefined> {
  if (!options.fit_psf) return undefined;
  if (!options.override_epsf) throw new UserError(NO_EPSF);
  return readMosaicPsf(mosaic, options.override_epsf);
}

/**
 * The aperture correction's curve; undefined, with a warning, for a mosaic of several filters, which has none (romancal fails then).
 * Throws UserError where the reference is not given or lacks the filter.
 */
async function readEnergy(
  ctx: ReferenceContext,
  mosaic: WfiMosaic,
  options: SourceCatalogOptions,
): Promise<EnergyCurve | undefined> {
  if (!options.override_apcorr)
    throw new UserError(
      "source_catalog: no aperture correction reference: name one with --steps.source_catalog.override_apcorr=FILE",
    );
  const filter = mosaic.metadata.optionalString("instrument.optical_element");
  if (filter === undefined) {
    ctx.log.warn("source_catalog: no aperture correction for a mosaic of several filters");
    return undefined;
  }
  const { ee_radii, ee_fractions } = await readApcorr(options.override_apcorr, filter);
  return energyCurve(ee_radii, ee_fractions);
}

/** The mosaic's sky cell and its region; undefined, with romancal's warning, where the skymap has none. */
export async function spatialFrame(
  ctx: ReferenceContext,
  mosaic: WfiMosaic,
): Promise<SpatialFrame | undefined> {
  const name = nodeAt(mosaic.meta, "wcsinfo.skycell_name");
  const pixelScale = mosaic.metadata.optionalNumber("wcsinfo.pixel_scale_ref");
  const none = (why: string): undefined =>
    ctx.log.warn(`${why}; flagged_spatial_id will be zero.`) as undefined;
  if (typeof name !== "string" || pixelScale === undefined)
    return none("meta.wcsinfo missing skycell_name/pixel_scale_ref");
  if (!ctx.skymap) return none(`No skymap was given to find skycell ${name} in`);
  const skymap = await Skymap.open(ctx.skymap);
  try {
    const cell = await skymap.cell(name);
    const region = cell && (await skymap.region(name));
    return cell && region ? { cell, region, pixelScale } : none(`Could not find skycell ${name}`);
  } finally {
    await skymap.close();
  }
}
