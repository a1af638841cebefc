import type { Gpu } from "../../gpu/index.js";
import { UserError } from "../../host/errors.js";
import { type EpsfReference, readEpsf, type WfiMosaic } from "../../host/models/index.js";
import { type EpsfGrid, mosaicPsf, type PsfStamp } from "../../host/psf/l3_psf.js";
import type { Wcs } from "../../host/wcs/index.js";
import type { CatalogDraft } from "./catalog.js";
import type { ImageParts } from "./measure_parts.js";
import { measurePsf } from "./psf_photometry.js";
import { fluxFactor } from "./units.js";

/** romancal takes the stamps in focus, of a G2V star. */
const IN_FOCUS = 0;
const G2V = 1;

/** The PSF of a mosaic from an ePSF reference file. Throws UserError where the file cannot give it. */
export async function readMosaicPsf(mosaic: WfiMosaic, path: string): Promise<PsfStamp> {
  const grid = stampsOf(await readEpsf(path));
  const { metadata } = mosaic;
  return mosaicPsf(grid, metadata.number("wcsinfo.pixel_scale") * 3600, metadata.number("resample.pixfrac"));
}

/** The stamps that romancal takes (source_catalog/psf.py get_gridded_psf_model). */
function stampsOf({ path, shape, psf, ...reference }: EpsfReference): EpsfGrid {
  const [focuses, types, count, ny, nx] = shape;
  if (focuses <= IN_FOCUS || types <= G2V)
    throw new UserError(`${path}: roman.psf: expected stamps of at least two spectral types, found ${types}`);
  const start = (IN_FOCUS * types + G2V) * count * ny * nx;
  const { oversample, pixel_x, pixel_y, jitter_major, jitter_minor, jitter_position_angle } = reference;
  const jitter = { jitter_major, jitter_minor, jitter_position_angle };
  const stamps = psf.subarray(start, start + count * ny * nx);
  return { oversample, pixel_x, pixel_y, nx, ny, stamps, jitter };
}

/** Fit the PSF to a draft's sources and add romancal's columns: x_psf, psf_flux, ... (source_catalog/psf.py _PSFCatalog). */
export async function addPsf(
  gpu: Gpu,
  parts: ImageParts,
  wcs: Wcs,
  psf: PsfStamp,
  { values, x, y, scale }: CatalogDraft,
): Promise<void> {
  const measures = await measurePsf(gpu, parts, psf, x, y, fluxFactor(scale));
  for (const [name, column] of Object.entries(measures)) values.set(name, column);
  const single = (column: Float64Array): Float64Array => column.map(Math.fround); // romancal's sky positions follow its f32 pixels
  const sky = wcs.forwardMany(single(measures.x_psf), single(measures.y_psf), { withBoundingBox: true });
  values.set("ra_psf", sky.ra).set("dec_psf", sky.dec);
  for (const name of ["ra_psf_err", "dec_psf_err"]) values.set(name, new Float64Array(x.length)); // romancal's zeros
}
