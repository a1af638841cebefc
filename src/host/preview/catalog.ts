import { readFile } from "node:fs/promises";
import { parquetReadObjects } from "hyparquet";
import { NdArray, isMap } from "../asdf/index.js";
import { UserError } from "../errors.js";
import { describeKind, openRoman } from "../models/roman_file.js";

const COLUMNS = [
  ...(["ra_centroid", "dec_centroid", "x_centroid", "y_centroid"] as const),
  ...(["semimajor", "semiminor", "orientation_pix"] as const),
];

/** Sources of a catalog: positions and angles in degrees and in the mosaic's pixels, semi-axes (one sigma) in arcsec. */
export type CatalogShapes = Readonly<Record<(typeof COLUMNS)[number], Float64Array>>;

/** Reads what is drawn of a source catalog, Parquet or ASDF. Throws UserError naming the file and the column that is missing. */
export async function readCatalogShapes(path: string): Promise<CatalogShapes> {
  const columns = await (/\.parquet$/i.test(path) ? readParquet(path) : readAsdf(path));
  const missing = COLUMNS.filter((name) => !columns[name]);
  if (missing.length)
    throw new UserError(`${path}: no column ${missing.join(", ")}; expected a source catalog`);
  return columns as CatalogShapes;
}

type Columns = Partial<Record<string, Float64Array>>;

async function readParquet(path: string): Promise<Columns> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === "ENOENT" ? "no such file" : error.message}`);
  });
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file });
  } catch (error) {
    throw new UserError(`${path}: not a Parquet file that can be read (${(error as Error).message})`);
  }
  const present = COLUMNS.filter((name) => rows.length === 0 || name in rows[0]);
  return Object.fromEntries(
    present.map((name) => [name, Float64Array.from(rows, (row) => numberOf(row[name]))]),
  );
}

function numberOf(value: unknown): number {
  return value === null || value === undefined ? NaN : Number(value);
}

async function readAsdf(path: string): Promise<Columns> {
  const file = await openRoman(path);
  try {
    const table = file.roman.source_catalog;
    if (!isMap(table) || !Array.isArray(table.columns))
      throw new UserError(`${path}: expected a source catalog, found ${describeKind(file.kind)}`);
    const columns: Columns = {};
    for (const column of table.columns) {
      if (!isMap(column) || typeof column.name !== "string" || !(column.data instanceof NdArray)) continue;
      if ((COLUMNS as readonly string[]).includes(column.name))
        columns[column.name] = await column.data.readNumbers();
    }
    return columns;
  } finally {
    await file.close();
  }
}
