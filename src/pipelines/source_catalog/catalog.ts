import type { Gpu } from "../../gpu/index.js";
import type { DustMaps } from "../../host/dust/dust_maps.js";
import type { Wcs } from "../../host/wcs/index.js";
import type { EnergyCurve } from "./catalog_energy.js";
import { type SpatialFrame, spatialIds } from "./catalog_spatial_id.js";
import {
  type CatalogMeta,
  type CatalogTable,
  makeTable,
  type MeasuredValues,
  PLACEHOLDERS,
} from "./columns.js";
import { KRON_PARAMS } from "./measure_kron.js";
import { nearestNeighbors } from "./measure_neighbors.js";
import type { ImageParts } from "./measure_parts.js";
import type { SegmentMeasures } from "./measure_segments.js";
import {
  type CatalogSources,
  measureShapesOf,
  measureSources,
  positions,
  type SourceMeasures,
} from "./measure_sources.js";
import { cutArray } from "./parts.js";
import { abMagnitude, fluxFactor, pixelSide, skyScale, type SkyScale } from "./units.js";

/** Radii of romancal's circular apertures and of its background annulus, arcseconds (_aperture.py). */
const CIRCLE_ARCSEC = [0.1, 0.2, 0.4, 0.8, 1.6] as const;
const ANNULUS_ARCSEC = [2.4, 2.8] as const;
const CIRCLE_NAMES = CIRCLE_ARCSEC.map((radius) => String(Math.round(radius * 10)).padStart(2, "0"));
const DO_NOT_USE = 1;
const HALF_TURN = 180;
/** gwcs gives no sky position outside the bounding box. */
const IN_IMAGE = { withBoundingBox: true } as const;

export interface CatalogOptions {
  /** Full width at half maximum of the detection kernel, pixels: DAOFIND's kernel follows it. */
  readonly kernel_fwhm: number;
  /** Encircled energy against radius; without it `is_extended` is false throughout, as in romancal, with a warning. */
  readonly energy?: EnergyCurve;
  /** The sky cell that flagged_spatial_id tells positions in; without it the ids are 0. */
  readonly spatial?: SpatialFrame;
  /** Maps of E(B-V); without them dust_ebv is NaN, as in romancal. */
  readonly dust?: DustMaps;
  /** meta.photometry.pixel_area, steradians, where the image has it. */
  readonly pixelArea?: number;
  readonly warn: (message: string) => void;
}

/** A catalog's columns so far, and the positions (f32, as romancal keeps them) that later ones are measured at. */
export interface CatalogDraft {
  readonly values: Map<string, MeasuredValues>;
  readonly meta: CatalogMeta;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly scale: SkyScale;
}

/** Columns of segments, positions and neighbours. */
function startDraft(
  segments: SegmentMeasures,
  { nx, ny }: ImageParts,
  wcs: Wcs,
  options: CatalogOptions,
): CatalogDraft {
  const scale = skyScale(wcs, nx, ny, options.pixelArea);
  const values = new Map<string, MeasuredValues>();
  const [x, y] = positions(segments);
  addSegments(values, segments, scale);
  const sky = wcs.forwardMany(segments.x, segments.y, IN_IMAGE);
  values.set("ra_centroid", sky.ra).set("dec_centroid", sky.dec);
  values.set("ra", sky.ra).set("dec", sky.dec);
  values.set("flagged_spatial_id", spatialIds(options.spatial, x, y, sky));
  const neighbors = nearestNeighbors(x, y);
  values.set("nn_label", neighbors.label);
  values.set("nn_distance", times(neighbors.distance, scale.pixelScale));
  for (const name of PLACEHOLDERS) values.set(name, new Float64Array(x.length));
  return { values, meta: tableMeta(scale, options.energy), x, y, scale };
}

/** Positions, shapes, Kron radii and neighbours of the sources alone (romancal's "forced_det"), among other columns. */
export async function measureShapes(
  gpu: Gpu,
  sources: CatalogSources,
  wcs: Wcs,
  options: CatalogOptions,
): Promise<CatalogDraft> {
  const { segments, kron } = await measureShapesOf(gpu, sources);
  const draft = startDraft(segments, sources.parts, wcs, options);
  draft.values.set("kron_radius", times(kron.radius, pixelSide(draft.scale)));
  return draft;
}

/**
 * Measure the sources of a detection and give them romancal's columns, in romancal's units (nJy, arcsec, degrees). The images are
 * in MJy/sr. Columns of the PSF fit are not among them. Follows romancal 1.0.1 source_catalog/_source_catalog.py ("prompt").
 */
export async function measureCatalog(
  gpu: Gpu,
  sources: CatalogSources,
  wcs: Wcs,
  options: CatalogOptions,
): Promise<CatalogDraft> {
  const { parts, weight } = sources;
  const { pixelScale } = skyScale(wcs, parts.nx, parts.ny, options.pixelArea);
  const pixels = (arcsec: number): number => arcsec / pixelScale;
  const [inner, outer] = ANNULUS_ARCSEC.map(pixels);
  const measured = await measureSources(gpu, sources, {
    circles: CIRCLE_ARCSEC.map(pixels),
    annulus: [inner, outer],
    kernel_fwhm: options.kernel_fwhm,
  });
  const draft = startDraft(measured.segments, parts, wcs, options);
  const { values, x, y, scale } = draft;
  addApertures(values, measured, scale, options);
  addKron(values, measured, wcs, scale);
  const { sharpness, roundness1 } = measured.statistics;
  values.set("sharpness", sharpness).set("roundness1", roundness1);
  values.set("warning_flags", warningFlags(parts, weight, x, y));
  const noDust = new Float32Array(x.length).fill(NaN);
  const [ra, dec] = ["ra", "dec"].map((name) => values.get(name) as Float64Array);
  values.set("dust_ebv", options.dust ? await options.dust.ebv(ra, dec) : noDust);
  return draft;
}

/** The table of a draft's columns. */
export function finishCatalog({ values, meta, x }: CatalogDraft): CatalogTable {
  return makeTable(x.length, values, meta);
}

function times(values: Float64Array, factor: number): Float64Array {
  return values.map((value) => value * factor);
}

function addSegments(values: Map<string, MeasuredValues>, segments: SegmentMeasures, scale: SkyScale): void {
  const side = pixelSide(scale);
  const flux = fluxFactor(scale);
  const { shapes } = segments;
  const orientation = Float32Array.from(shapes, (shape) => shape.orientation);
  values
    .set(
      "label",
      Int32Array.from(shapes, (_, i) => i + 1),
    )
    .set("x_centroid", segments.x)
    .set("y_centroid", segments.y)
    .set("bbox_xmin", segments.bboxXmin)
    .set("bbox_xmax", segments.bboxXmax)
    .set("bbox_ymin", segments.bboxYmin)
    .set("bbox_ymax", segments.bboxYmax)
    .set("segment_area", times(segments.area, side * side))
    .set(
      "ellipticity",
      shapes.map((shape) => shape.ellipticity),
    )
    .set("orientation_pix", orientation)
    .set(
      "orientation_sky",
      Float64Array.from(orientation, (angle) => modulo(HALF_TURN - scale.northAngle + angle, 360)),
    )
    .set("segment_flux", times(segments.flux, flux))
    .set("segment_flux_err", times(segments.fluxError, flux));
  for (const name of ["semimajor", "semiminor", "fwhm"] as const)
    values.set(
      name,
      shapes.map((shape) => shape[name] * side),
    );
  for (const name of ["cxx", "cxy", "cyy"] as const)
    values.set(
      name,
      shapes.map((shape) => shape[name] / (side * side)),
    );
}

function modulo(value: number, period: number): number {
  return ((value % period) + period) % period;
}

function addApertures(
  values: Map<string, MeasuredValues>,
  { circles, annulus }: SourceMeasures,
  scale: SkyScale,
  options: CatalogOptions,
): void {
  const flux = fluxFactor(scale);
  CIRCLE_NAMES.forEach((name, k) => {
    values.set(`aper${name}_flux`, times(circles.flux[k], flux));
    values.set(`aper${name}_flux_err`, times(circles.fluxError[k], flux));
  });
  const perArcsec2 = flux / scale.pixelScale ** 2;
  values.set("aper_bkg_flux", times(annulus.background, perArcsec2));
  values.set("aper_bkg_flux_err", times(annulus.backgroundError, perArcsec2));
  values.set("is_extended", extended(values, options));
}

/** Whether the flux within 0.4 arcsec exceeds that within 0.2 by more than a point source's and a fifth. */
function extended(values: Map<string, MeasuredValues>, { energy, warn }: CatalogOptions): Uint8Array {
  const inner = Float32Array.from(values.get("aper02_flux") as ArrayLike<number>);
  const outer = Float32Array.from(values.get("aper04_flux") as ArrayLike<number>);
  if (!energy) {
    warn("Cannot determine if source is extended without an encircled energy curve. Returning all False.");
    return new Uint8Array(inner.length);
  }
  const ratio = energy(0.4) / energy(0.2);
  return Uint8Array.from(inner, (flux, i) => Number(outer[i] > flux * 1.2 * ratio));
}

function addKron(
  values: Map<string, MeasuredValues>,
  { kron, halfLight, windowed }: SourceMeasures,
  wcs: Wcs,
  scale: SkyScale,
): void {
  const side = pixelSide(scale);
  const flux = Float32Array.from(times(kron.flux, fluxFactor(scale)));
  const fluxError = Float32Array.from(times(kron.fluxError, fluxFactor(scale)));
  const magnitudes = Array.from(flux, (value, i) => abMagnitude(value, fluxError[i]));
  values
    .set("kron_radius", times(kron.radius, side))
    .set("kron_flux", flux)
    .set("kron_flux_err", fluxError)
    .set(
      "kron_abmag",
      magnitudes.map(([magnitude]) => magnitude),
    )
    .set(
      "kron_abmag_err",
      magnitudes.map(([, error]) => error),
    );
  values.set("fluxfrac_radius_50", times(halfLight, side));
  values.set("x_centroid_win", windowed.x).set("y_centroid_win", windowed.y);
  const sky = wcs.forwardMany(windowed.x, windowed.y, IN_IMAGE);
  values.set("ra_centroid_win", sky.ra).set("dec_centroid_win", sky.dec);
}

/** DO_NOT_USE where the centroid is not finite or, in a mosaic, where its pixel has no weight. */
function warningFlags(
  { nx, ny }: ImageParts,
  weight: CatalogSources["weight"],
  x: Float32Array,
  y: Float32Array,
): Int32Array {
  const flags = Int32Array.from(x, (value, i) =>
    Number.isFinite(value) && Number.isFinite(y[i]) ? 0 : DO_NOT_USE,
  );
  if (!weight) return flags;
  const rows = Int32Array.from(y, (value) => Math.min(roundHalfEven(value), ny - 1));
  const inside = Uint32Array.from(flags.keys()).filter((i) => flags[i] === 0 && rows[i] >= 0);
  inside.sort((i, j) => rows[i] - rows[j]); // rows come packed: each is made once
  let made = -1;
  let values: Float32Array | undefined;
  for (const i of inside) {
    const row = rows[i];
    if (row !== made) values = cutArray(weight, nx, { x0: 0, y0: row, nx, ny: 1 });
    made = row;
    const column = Math.max(0, Math.min(roundHalfEven(x[i]), nx - 1));
    if (values?.[column] === 0) flags[i] = DO_NOT_USE;
  }
  return flags;
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

function tableMeta({ pixelScale }: SkyScale, energy?: EnergyCurve): CatalogMeta {
  const pixels = (radii: readonly number[]): Float64Array =>
    Float64Array.from(radii, (radius) => radius / pixelScale);
  return {
    aperture_mask_method: "mask",
    kron_params: KRON_PARAMS,
    aperture_radii: {
      circle_pix: pixels(CIRCLE_ARCSEC),
      annulus_pix: pixels(ANNULUS_ARCSEC),
      circle_arcsec: Float64Array.from(CIRCLE_ARCSEC),
      annulus_arcsec: Float64Array.from(ANNULUS_ARCSEC),
    },
    // romancal evaluates the curve at arcseconds, though its radii are pixels
    ...(energy && { ee_fractions: Float32Array.from(CIRCLE_ARCSEC, energy) }),
  };
}
