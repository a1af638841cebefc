import type { CatalogColumn, CatalogMeta, CatalogTable } from "../../host/models/index.js";

export type { CatalogColumn, CatalogMeta, CatalogTable };

/** numpy's names of the element types romancal writes. */
export type ColumnType = CatalogColumn["datatype"];
export type ColumnData = CatalogColumn["data"];

type Definition = readonly [name: string, datatype: ColumnType, unit: string, description: string];

/** Names and order: romancal 1.0.1 _column_schema.py ("prompt", fit_psf); units and descriptions: rad 1.0.0 source catalog tables. */
const DEFINITIONS: readonly Definition[] = [
  ["label", "int32", "", "Label of the source segment in the segmentation image"],
  [
    "flagged_spatial_id",
    "int64",
    "",
    "Bit flag encoding the overlap flag, projection, skycell and pixel coordinates of the source",
  ],
  ["x_centroid", "float32", "pix", "Column coordinate of the source centroid from image moments (0 indexed)"],
  [
    "y_centroid",
    "float32",
    "pix",
    "Row coordinate of the source centroid in the detection image from image moments (0 indexed)",
  ],
  ["x_centroid_err", "float32", "pix", "Uncertainty x_centroid"],
  ["y_centroid_err", "float32", "pix", "Uncertainty on y_centroid"],
  [
    "x_centroid_win",
    "float32",
    "pix",
    "Column coordinate of the windowed source centroid in the detection image from image moments (0 indexed)",
  ],
  [
    "y_centroid_win",
    "float32",
    "pix",
    "Row coordinate of the windowed source centroid in the detection image from image moments (0 indexed)",
  ],
  ["x_centroid_win_err", "float32", "pix", "Uncertainty on x_centroid_win"],
  ["y_centroid_win_err", "float32", "pix", "Uncertainty on y_centroid_win"],
  ["x_psf", "float32", "pix", "Column coordinate of the source from PSF fitting (0 indexed)"],
  ["x_psf_err", "float32", "pix", "Uncertainty in x_psf"],
  ["y_psf", "float32", "pix", "Row coordinate of the source from PSF fitting (0 indexed)"],
  ["y_psf_err", "float32", "pix", "Uncertainty on y_psf"],
  ["ra", "float64", "deg", "Best estimate of the right ascension (ICRS)"],
  ["dec", "float64", "deg", "Best estimate of the declination (ICRS)"],
  ["ra_centroid", "float64", "deg", "Right ascension (ICRS) of the source centroid"],
  ["dec_centroid", "float64", "deg", "Declination of the source centroid (ICRS)"],
  ["ra_centroid_err", "float32", "arcsec", "Uncertainty in ra_centroid"],
  ["dec_centroid_err", "float32", "arcsec", "Uncertainty in dec_centroid"],
  ["ra_centroid_win", "float64", "deg", "Right ascension (ICRS) of the windowed source centroid"],
  ["dec_centroid_win", "float64", "deg", "Declination (ICRS) of the windowed source centroid"],
  ["ra_centroid_win_err", "float32", "arcsec", "Uncertainty in ra_centroid_win"],
  ["dec_centroid_win_err", "float32", "arcsec", "Uncertainty in dec_centroid_win"],
  ["ra_psf", "float64", "deg", "Right ascension (ICRS) of the PSF-fitted position"],
  ["dec_psf", "float64", "deg", "Declination (ICRS) of the PSF-fitted position"],
  ["ra_psf_err", "float32", "arcsec", "Uncertainty in ra_psf"],
  ["dec_psf_err", "float32", "arcsec", "Uncertainty in dec_psf"],
  ["bbox_xmin", "int32", "", "Column index of the left edge of the source bounding box (0 indexed)"],
  ["bbox_xmax", "int32", "", "Column index of the right edge of the source bounding box (0 indexed)"],
  ["bbox_ymin", "int32", "", "Row index of the bottom edge of the source bounding box (0 indexed)"],
  ["bbox_ymax", "int32", "", "Row index of the top edge of the source bounding box (0 indexed)"],
  ["segment_area", "float32", "arcsec2", "Area of the source segment"],
  ["semimajor", "float32", "arcsec", "Length of the source semimajor axis computed from image moments"],
  ["semiminor", "float32", "arcsec", "Length of the source semiminor axis computed from image moments"],
  [
    "fwhm",
    "float32",
    "arcsec",
    "Circularized full width at half maximum (FWHM) calculated from the semimajor and semiminor axes as 2*sqrt(ln(2) * (semimajor**2 + semiminor**2))",
  ],
  ["ellipticity", "float32", "", "Source ellipticity as 1 - (semimajor / semiminor)"],
  [
    "orientation_pix",
    "float32",
    "deg",
    "Angle measured counter-clockwise from the positive X axis to the source major axis computed from image moments",
  ],
  [
    "orientation_sky",
    "float32",
    "deg",
    "Position angle from North of the source major axis computed from image moments",
  ],
  [
    "cxx",
    "float32",
    "1 / arcsec2",
    "Coefficient for the x**2 term in the generalized quadratic ellipse equation",
  ],
  [
    "cxy",
    "float32",
    "1 / arcsec2",
    "Coefficient for the x*y term in the generalized quadratic ellipse equation",
  ],
  [
    "cyy",
    "float32",
    "1 / arcsec2",
    "Coefficient for the y**2 term in the generalized quadratic ellipse equation",
  ],
  ["kron_radius", "float32", "arcsec", "First-moment radius measured in the detection image."],
  ["nn_label", "int32", "", "Segment label of the nearest neighbor in this skycell"],
  ["nn_distance", "float32", "arcsec", "Distance to the nearest neighbor in this skycell"],
  ["sharpness", "float32", "", "Photutils DAOFinder sharpness statistic"],
  ["roundness1", "float32", "", "Photutils DAOFinder roundness1 statistic"],
  [
    "is_extended",
    "bool",
    "",
    "Flag indicating that the source appears to be more extended than a point source",
  ],
  [
    "fluxfrac_radius_50",
    "float32",
    "arcsec",
    "Radius of a circle centered on the source centroid that encloses 50% of the Kron flux",
  ],
  ["aper_bkg_flux", "float32", "nJy / arcsec2", "Local background estimated within a circular annulus"],
  [
    "aper_bkg_flux_err",
    "float32",
    "nJy / arcsec2",
    "Uncertainty in local background estimated in a circular annulus",
  ],
  ["aper01_flux", "float32", "nJy", "Flux within circular aperture (radius in tenths of arcsec)"],
  ["aper01_flux_err", "float32", "nJy", "Uncertainty in flux within circular aperture"],
  ["aper02_flux", "float32", "nJy", "Flux within circular aperture (radius in tenths of arcsec)"],
  ["aper02_flux_err", "float32", "nJy", "Uncertainty in flux within circular aperture"],
  ["aper04_flux", "float32", "nJy", "Flux within circular aperture (radius in tenths of arcsec)"],
  ["aper04_flux_err", "float32", "nJy", "Uncertainty in flux within circular aperture"],
  ["aper08_flux", "float32", "nJy", "Flux within circular aperture (radius in tenths of arcsec)"],
  ["aper08_flux_err", "float32", "nJy", "Uncertainty in flux within circular aperture"],
  ["aper16_flux", "float32", "nJy", "Flux within circular aperture (radius in tenths of arcsec)"],
  ["aper16_flux_err", "float32", "nJy", "Uncertainty in flux within circular aperture"],
  ["psf_flux", "float32", "nJy", "Total PSF flux"],
  ["psf_flux_err", "float32", "nJy", "Uncertainty in psf_flux"],
  ["segment_flux", "float32", "nJy", "Isophotal flux"],
  ["segment_flux_err", "float32", "nJy", "Uncertainty in segment_flux"],
  ["kron_flux", "float32", "nJy", "Flux within the elliptical Kron aperture"],
  ["kron_flux_err", "float32", "nJy", "Uncertainty in kron_<band>_flux_err"],
  ["kron_abmag", "float32", "mag(AB)", "AB magnitude within the elliptical Kron aperture"],
  ["kron_abmag_err", "float32", "mag(AB)", "Uncertainty in kron_abmag"],
  ["warning_flags", "int32", "", "Warning bit flags (0=good)"],
  ["image_flags", "int32", "", "Image quality bit flags (0=good)"],
  ["psf_flags", "int32", "", "PSF fitting bit flags (0 = good)"],
  ["psf_gof", "float32", "", "PSF goodness of fit metric"],
  [
    "dust_ebv",
    "float32",
    "",
    "Estimated dust extinction in B-V, taken by default from the map of Schlegel, Finkbeiner, and Davis (1998)",
  ],
];

/** romancal's placeholders: zero until romancal computes them. */
export const PLACEHOLDERS: ReadonlySet<string> = new Set([
  "x_centroid_err",
  "y_centroid_err",
  "x_centroid_win_err",
  "y_centroid_win_err",
  "ra_centroid_err",
  "dec_centroid_err",
  "ra_centroid_win_err",
  "dec_centroid_win_err",
  "image_flags",
]);

/** Columns that only a PSF fit (fit_psf) gives. */
export function isPsfColumn(name: string): boolean {
  return name.includes("psf");
}

/** The columns' names in romancal's order, without those of the PSF fit where `fitPsf` is false. */
export function columnNames(fitPsf: boolean): string[] {
  return DEFINITIONS.map(([name]) => name).filter((name) => fitPsf || !isPsfColumn(name));
}

const MAKERS = {
  bool: (n: number) => new Uint8Array(n),
  int32: (n: number) => new Int32Array(n),
  int64: (n: number) => new BigInt64Array(n),
  float32: (n: number) => new Float32Array(n),
  float64: (n: number) => new Float64Array(n),
} as const;

/** The values of one column as they were measured: numbers, or bigints for int64. */
export type MeasuredValues = ArrayLike<number> | BigInt64Array;

/**
 * Table of the columns in `values`, in romancal's order and element types; columns that were not measured are absent.
 * RangeError for a name romancal does not have or a column of another length.
 */
export function makeTable(
  rows: number,
  values: ReadonlyMap<string, MeasuredValues>,
  meta?: CatalogMeta,
): CatalogTable {
  const known = new Set(DEFINITIONS.map(([name]) => name));
  for (const name of values.keys()) if (!known.has(name)) throw new RangeError(`no catalog column ${name}`);
  const columns: CatalogColumn[] = [];
  for (const [name, datatype, unit, description] of DEFINITIONS) {
    const measured = values.get(name);
    if (!measured) continue;
    if (measured.length !== rows) throw new RangeError(`column ${name}: ${measured.length} rows of ${rows}`);
    columns.push({
      name,
      datatype,
      ...(unit && { unit }),
      description,
      data: convert(datatype, measured, rows),
    });
  }
  return { rows, columns, meta };
}

function convert(datatype: ColumnType, values: MeasuredValues, rows: number): ColumnData {
  const data = MAKERS[datatype](rows);
  if (data instanceof BigInt64Array || values instanceof BigInt64Array) {
    if (!(data instanceof BigInt64Array && values instanceof BigInt64Array))
      throw new RangeError(`int64 column needs bigints`);
    data.set(values);
  } else data.set(values);
  return data;
}

/** The order in which rad's schema lists the required columns, in which romancal writes a catalog without sources. */
const EMPTY_ORDER =
  "flagged_spatial_id bbox_xmax bbox_xmin bbox_ymax bbox_ymin image_flags label segment_area dec dec_centroid dec_centroid_err " +
  "dec_centroid_win dec_centroid_win_err ra ra_centroid ra_centroid_err ra_centroid_win ra_centroid_win_err x_centroid x_centroid_err " +
  "x_centroid_win x_centroid_win_err y_centroid y_centroid_err y_centroid_win y_centroid_win_err aper_bkg_flux aper_bkg_flux_err " +
  "aper00_flux aper00_flux_err kron_abmag kron_abmag_err kron_flux kron_flux_err segment_flux segment_flux_err warning_flags cxx cxy " +
  "cyy ellipticity fluxfrac_radius_50 is_extended fwhm kron_radius orientation_pix orientation_sky roundness1 semimajor semiminor " +
  "sharpness nn_distance nn_label dust_ebv";

/** The catalog without rows that romancal writes where nothing was found (roman_datamodels create_empty_catalog). */
export function emptyTable(): CatalogTable {
  const columns = EMPTY_ORDER.split(" ").map((name): CatalogColumn => {
    const model = name.replace("aper00", "aper01");
    const definition = DEFINITIONS.find(([known]) => known === model);
    if (!definition) throw new RangeError(`no catalog column ${name}`);
    const [, datatype, unit, description] = definition;
    const emptyUnit = unit || (name === "dust_ebv" ? "mag" : "none");
    return { name, datatype, unit: emptyUnit, description, data: MAKERS[datatype](0) };
  });
  return { rows: 0, columns };
}
