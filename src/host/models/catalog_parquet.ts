import { type AsdfMap, type AsdfValue, TaggedScalar, isMap, tagOf } from "../asdf/index.js";
import { type ParquetColumn, parquetBytes } from "../parquet/table.js";
import { numpyText } from "./numpy_text.js";
import { floatRepr } from "./python_repr.js";
import type { CatalogColumn, MosaicSourceCatalog, TableMeta } from "./source_catalog.js";
import { UtcTime } from "./time.js";
import { isFloatAt, timeOf } from "./tree.js";
import { SOFTWARE_NAME, SOFTWARE_VERSION } from "./version.js";

/**
 * A catalog as a Parquet file as romancal 1.0.1 writes it (roman_datamodels 1.0.0 _ParquetMixin.to_parquet): the columns with their
 * units, the metadata flattened to `roman.meta.*` and `source_catalog.*`, and astropy's `table_meta_yaml`.
 */
export function catalogParquet(catalog: MosaicSourceCatalog, filename: string): Uint8Array {
  const metadata = new Map<string, string>();
  flatten({ ...catalog.meta, filename }, "roman.meta", metadata);
  metadata.set("roman.meta.file_date", UtcTime.now().datetime);
  flattenTableMeta(catalog.tableMeta, metadata);
  const { columns } = catalog.table;
  metadata.set("table_meta_yaml", tableMetaYaml(columns, catalog.tableMeta));
  const parquet = columns.map((column): ParquetColumn => ({
    name: column.name,
    type: column.datatype,
    data: column.data,
    metadata: new Map([["unit", column.unit ?? "None"]]),
  }));
  return parquetBytes(parquet, metadata, `${SOFTWARE_NAME} version ${SOFTWARE_VERSION}`);
}

/** Leaves as Python's `str()` of them; nulls and empty lists have none. */
function flatten(node: AsdfMap | AsdfValue[], path: string, into: Map<string, string>): void {
  for (const [key, value] of Object.entries(node)) {
    const name = `${path}.${key}`;
    if (value === null) continue;
    const time = tagOf(value as AsdfValue)?.includes("time/time") ? timeOf(value as AsdfValue) : undefined;
    if (time) into.set(name, isMap(value as AsdfValue) ? time.datetime : time.isot);
    else if (Array.isArray(value) || isMap(value as AsdfValue)) flatten(value as AsdfMap, name, into);
    else into.set(name, text(node, key, value as AsdfValue));
  }
}

function text(parent: AsdfMap | AsdfValue[], key: string, node: AsdfValue): string {
  const value = node instanceof TaggedScalar ? node.value : node;
  const real = node instanceof TaggedScalar || isFloatAt(parent, key);
  if (typeof value === "number") return real ? floatRepr(value) : String(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

function flattenTableMeta(meta: TableMeta, into: Map<string, string>): void {
  if (!meta) return;
  into.set("source_catalog.date", meta.date);
  for (const [name, version] of Object.entries(meta.versions))
    into.set(`source_catalog.versions.${name}`, version);
  into.set("source_catalog.aperture_mask_method", meta.aperture_mask_method);
  meta.kron_params.forEach((value, i) => into.set(`source_catalog.kron_params.${i}`, floatRepr(value)));
  const { aperture_radii: radii } = meta;
  for (const key of ["circle_pix", "annulus_pix", "circle_arcsec", "annulus_arcsec"] as const)
    if (radii) into.set(`source_catalog.aperture_radii.${key}`, numpyText(radii[key]));
  if (meta.ee_fractions) into.set("source_catalog.ee_fractions", numpyText(meta.ee_fractions));
}

/** astropy's description of the table (`Table.read` takes units, descriptions and meta from it). */
function tableMetaYaml(columns: readonly CatalogColumn[], meta: TableMeta): string {
  const lines = ["datatype:"];
  for (const { name, unit, datatype, description } of columns) {
    const unitPart = unit === undefined ? "" : `unit: ${unit}, `;
    lines.push(
      `- {name: ${name}, ${unitPart}datatype: ${datatype}, description: ${JSON.stringify(description)}}`,
    );
  }
  if (!meta) return lines.join("\n");
  const versions = Object.entries(meta.versions).map(
    ([name, version]) => `${name}: ${JSON.stringify(version)}`,
  );
  lines.push(
    "meta: !!omap",
    `- {date: ${JSON.stringify(meta.date)}}`,
    `- versions: {${versions.join(", ")}}`,
  );
  lines.push(`- {aperture_mask_method: ${meta.aperture_mask_method}}`);
  lines.push(`- kron_params: !!python/tuple [${meta.kron_params.map(floatRepr).join(", ")}]`);
  const { aperture_radii: radii } = meta;
  if (radii) {
    lines.push("- aperture_radii:");
    for (const key of ["annulus_arcsec", "annulus_pix", "circle_arcsec", "circle_pix"] as const)
      lines.push(`    ${key}: !numpy.ndarray`, ...ndarrayYaml(radii[key], "      "));
  }
  if (meta.ee_fractions)
    lines.push("- ee_fractions: !numpy.ndarray", ...ndarrayYaml(meta.ee_fractions, "    "));
  return lines.join("\n");
}

/** astropy encodes the bytes in base64, and its YAML writer does so again. */
function ndarrayYaml(values: Float32Array | Float64Array, indent: string): string[] {
  const once = Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
  return [
    "buffer: !!binary |",
    `  ${Buffer.from(once).toString("base64")}`,
    `dtype: ${values instanceof Float32Array ? "float32" : "float64"}`,
    "order: C",
    `shape: !!python/tuple [${values.length}]`,
  ].map((line) => indent + line);
}
