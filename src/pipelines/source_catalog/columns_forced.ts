import {
  type CatalogColumn,
  type CatalogMeta,
  type CatalogTable,
  emptyTable,
  isPsfColumn,
  makeTable,
} from "./columns.js";
import type { MeasuredValues } from "./columns.js";

/** Columns of the full measurement that tell of the image at hand; the others describe the given sources (_column_schema.py). */
const OF_THE_IMAGE = /^(aper\d\d_|aper_bkg_|segment_flux|kron_flux|kron_abmag)/;
const OF_THE_IMAGE_TOO = new Set([
  "sharpness",
  "roundness1",
  "is_extended",
  "fluxfrac_radius_50",
  "warning_flags",
]);

/** Columns measured again in the image's own detection image ("forced_det"). */
const SHAPES = new Set(
  (
    "flagged_spatial_id x_centroid y_centroid x_centroid_err y_centroid_err ra dec ra_centroid dec_centroid ra_centroid_err " +
    "dec_centroid_err semimajor semiminor fwhm ellipticity orientation_pix orientation_sky cxx cxy cyy kron_radius nn_label nn_distance"
  ).split(" "),
);

type Values = ReadonlyMap<string, MeasuredValues>;

/**
 * romancal's catalog of forced sources (1.0.1 source_catalog_step.py): shapes in the given detection image, fluxes with the prefix
 * `forced_`, then shapes in the image's own detection image with it.
 * @param labels the labels of the given map in the order of the rows, which measured values number 1..
 */
export function forcedTable(
  labels: Int32Array,
  full: Values,
  shapes: Values,
  meta: CatalogMeta,
): CatalogTable {
  const rows = labels.length;
  const { aperture_mask_method, kron_params } = meta; // the full measurement's others are lost where romancal joins the two
  const columns = [
    ...makeTable(rows, withLabels(full, labels)).columns.map((column) =>
      isOfTheImage(column.name) ? prefixed(column) : column,
    ),
    ...makeTable(rows, withLabels(shapes, labels))
      .columns.filter(({ name }) => SHAPES.has(name))
      .map(prefixed),
  ];
  return { rows, columns, meta: { aperture_mask_method, kron_params } };
}

function isOfTheImage(name: string): boolean {
  return OF_THE_IMAGE.test(name) || OF_THE_IMAGE_TOO.has(name) || isPsfColumn(name);
}

function prefixed(column: CatalogColumn): CatalogColumn {
  return { ...column, name: `forced_${column.name}` };
}

function withLabels(values: Values, labels: Int32Array): Map<string, MeasuredValues> {
  const named = new Map(values).set("label", labels);
  const neighbors = values.get("nn_label") as ArrayLike<number>;
  return named.set(
    "nn_label",
    Int32Array.from(neighbors, (label) => (label > 0 ? labels[label - 1] : label)),
  );
}

/** Those that rad's schema of the forced catalog requires with the prefix: not all that a catalog with sources has. */
export function emptyForcedTable(): CatalogTable {
  const columns = emptyTable()
    .columns.filter(({ name }) => name !== "dust_ebv")
    .map((column) => (isOfTheImage(column.name) || column.name === "dec" ? prefixed(column) : column));
  return { rows: 0, columns };
}
