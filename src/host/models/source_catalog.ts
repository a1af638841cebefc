import { type AsdfMap, FrameStore, NdArray, type TypedArray, float, isMap, withTag } from "../asdf/index.js";
import { fileDateNode } from "./file_date.js";
import { type Column, type ColumnData, tableNode } from "./table.js";
import { takeNode } from "./tree.js";
import type { WfiMosaic } from "./wfi_mosaic.js";

const CATALOG_TAG = "asdf://stsci.edu/datamodels/roman/tags/mosaic_source_catalog-2.0.0";
const FORCED_CATALOG_TAG = "asdf://stsci.edu/datamodels/roman/tags/forced_mosaic_source_catalog-2.0.0";
const SEGMENTATION_TAG = "asdf://stsci.edu/datamodels/roman/tags/mosaic_segmentation_map-2.0.0";

/** One column of a source catalog: a value a source, in the order of the labels. A bool is 0 or 1 in a Uint8Array. */
export interface CatalogColumn {
  readonly name: string;
  readonly datatype: "bool" | "int32" | "int64" | "float32" | "float64";
  /** astropy's spelling, e.g. "nJy / arcsec2"; absent where the column has none. */
  readonly unit?: string;
  readonly description: string;
  readonly data: Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
}

/** Metadata of the table, in romancal's order; absent for a catalog without sources. */
export interface CatalogMeta {
  readonly aperture_mask_method: string;
  readonly kron_params: readonly [number, number, number];
  /** Absent in a catalog of forced sources. */
  readonly aperture_radii?: Readonly<
    Record<"circle_pix" | "annulus_pix" | "circle_arcsec" | "annulus_arcsec", Float64Array>
  >;
  readonly ee_fractions?: Float32Array;
}

export interface CatalogTable {
  readonly rows: number;
  readonly columns: readonly CatalogColumn[];
  readonly meta?: CatalogMeta;
}

/** Groups of the mosaic's metadata that its catalog and segmentation map repeat; source: rad 1.0.0 l3_catalog_common. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  coordinates: ["reference_frame"],
  coadd_info: ["time_first", "time_last", "time_mean", "exposure_time"],
  instrument: ["name", "optical_element"],
  observation: [
    "execution_plan",
    "exposure",
    "exposure_grouping",
    "observation",
    "pass",
    "program",
    "segment",
    "visit",
  ],
  program: ["title", "investigator_name", "category", "subcategory", "science_category"],
  image: [],
  wcsinfo: [
    "ra_ref",
    "dec_ref",
    "x_ref",
    "y_ref",
    "pixel_scale_ref",
    "pixel_scale",
    "projection",
    "s_region",
  ].concat(["image_shape", "ra", "dec", "orientation", "orientation_ref", "skycell_name", "rotation_matrix"]),
  association: ["name"],
  cal_step: ["flux", "outlier_detection", "skymatch", "resample"],
  resample: ["good_bits", "pixel_scale_ratio", "pixfrac", "pointings", "members", "weight_type"],
};

/** Lists that romancal's create_minimal leaves empty. */
const EMPTIED = ["wcsinfo.rotation_matrix", "resample.members"];

/** The metadata that catalog and segmentation map share, from the mosaic's. */
function derivedMeta(mosaic: WfiMosaic, modelType: string): AsdfMap {
  const source = mosaic.meta;
  const meta: AsdfMap = {};
  for (const key of ["calibration_software_name", "calibration_software_version", "filename", "file_date"])
    meta[key] = source[key];
  meta.model_type = modelType;
  for (const key of ["origin", "product_type", "telescope"]) meta[key] = source[key];
  for (const [group, keys] of Object.entries(GROUPS)) {
    const from = source[group];
    const to: AsdfMap = (meta[group] = {});
    for (const key of keys) {
      if (isMap(from) && from[key] !== undefined)
        to[key] = EMPTIED.includes(`${group}.${key}`) ? [] : takeNode(from, key);
    }
  }
  meta.image = { filename: source.filename, file_date: source.file_date };
  return meta;
}

/** A catalog of the sources of a mosaic (roman_datamodels MosaicSourceCatalogModel, or ForcedMosaicSourceCatalogModel). */
export class MosaicSourceCatalog {
  private constructor(
    readonly meta: AsdfMap,
    readonly table: CatalogTable,
    /** `Table.meta`: versions, date, apertures. */
    readonly tableMeta: TableMeta,
    private readonly tag: string,
  ) {}

  /** @param forced the segmentation map's file where the sources were given, not found */
  static make(
    mosaic: WfiMosaic,
    table: CatalogTable,
    versions: Readonly<Record<string, string>>,
    forced?: string,
  ): MosaicSourceCatalog {
    const date = `${new Date().toISOString().slice(0, 19).replace("T", " ")} UTC`;
    const tableMeta = table.meta ? { date, versions, ...table.meta } : undefined;
    const meta = derivedMeta(mosaic, forced ? "ForcedMosaicSourceCatalogModel" : "MosaicSourceCatalogModel");
    if (forced) (meta.image as AsdfMap).forced_segmentation = forced;
    if (mosaic.meta.data_release_id !== undefined) meta.data_release_id = mosaic.meta.data_release_id;
    return new MosaicSourceCatalog(meta, table, tableMeta, forced ? FORCED_CATALOG_TAG : CATALOG_TAG);
  }

  /** A column by name; undefined where the catalog has none. */
  column(name: string): CatalogColumn | undefined {
    return this.table.columns.find((column) => column.name === name);
  }

  toAsdf(filename: string): AsdfMap {
    const meta = { ...this.meta, filename, file_date: fileDateNode() };
    const columns = this.table.columns.map((column): Column => ({
      name: column.name,
      data: { kind: column.datatype, values: column.data } as ColumnData,
      unit: column.unit,
      description: column.description,
    }));
    const source_catalog = tableNode(columns, this.tableMeta && tableMetaNode(this.tableMeta));
    return { roman: withTag(this.tag, { meta, source_catalog }) };
  }
}

export type TableMeta =
  (CatalogMeta & { readonly date: string; readonly versions: Readonly<Record<string, string>> }) | undefined;

function tableMetaNode(meta: NonNullable<TableMeta>): AsdfMap {
  const node: AsdfMap = {
    date: meta.date,
    versions: { ...meta.versions },
    aperture_mask_method: meta.aperture_mask_method,
    kron_params: meta.kron_params.map((value) => (Number.isInteger(value) ? float(value) : value)),
  };
  if (meta.aperture_radii) {
    const { circle_pix, annulus_pix, circle_arcsec, annulus_arcsec } = meta.aperture_radii;
    node.aperture_radii = {
      annulus_arcsec: NdArray.from(annulus_arcsec),
      annulus_pix: NdArray.from(annulus_pix),
      circle_arcsec: NdArray.from(circle_arcsec),
      circle_pix: NdArray.from(circle_pix),
    };
  }
  if (meta.ee_fractions) node.ee_fractions = NdArray.from(meta.ee_fractions);
  return node;
}

/** Segmentation map of a mosaic (roman_datamodels MosaicSegmentationMapModel). */
export class MosaicSegmentationMap {
  #data: Uint32Array | undefined;
  #detectionImage: Float32Array | undefined;

  private constructor(
    readonly meta: AsdfMap,
    /** [ny, nx] */
    readonly shape: readonly [number, number],
    private readonly labels: NdArray,
    private readonly detection: NdArray | undefined,
  ) {}

  /** @param labels u32, and f32 for the image; in memory or as frames */
  static make(mosaic: WfiMosaic, labels: NdArray, detectionImage?: NdArray): MosaicSegmentationMap {
    const meta = derivedMeta(mosaic, "MosaicSegmentationMapModel");
    return new MosaicSegmentationMap(meta, mosaic.shape, labels, detectionImage);
  }

  /** Labels, row-major: 0 where there is no source. Kept in memory once asked for. */
  get data(): Uint32Array {
    return (this.#data ??= valuesOf(this.labels) as Uint32Array);
  }

  /** The convolved mosaic the sources were found in; undefined where none was made. Kept in memory once asked for. */
  get detectionImage(): Float32Array | undefined {
    return (this.#detectionImage ??= this.detection && (valuesOf(this.detection) as Float32Array));
  }

  toAsdf(filename: string): AsdfMap {
    const meta = { ...this.meta, filename, file_date: fileDateNode() };
    // what was asked for may have been changed
    const node = (own: NdArray, array: TypedArray | undefined): NdArray =>
      array ? NdArray.from(array, this.shape) : own;
    const roman: AsdfMap = withTag(SEGMENTATION_TAG, { meta, data: node(this.labels, this.#data) });
    if (this.detection) roman.detection_image = node(this.detection, this.#detectionImage);
    return { roman };
  }
}

function valuesOf(array: NdArray): TypedArray {
  const { store, nbytes } = array;
  if (!(store instanceof FrameStore)) return array.values();
  const { buffer } = store.readSync(0, nbytes);
  return array.datatype === "uint32" ? new Uint32Array(buffer) : new Float32Array(buffer);
}
