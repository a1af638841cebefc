import { UserError } from "../errors.js";
import { type AsdfMap, type Field, type FieldData, NdArray, isMap } from "../asdf/index.js";
import { fieldSize, isString } from "../asdf/datatype.js";
import type { SkycellWcsInfo } from "./association.js";
import { describeKind, openRoman } from "./roman_file.js";
import { Metadata } from "./tree.js";

const PIECE_ROWS = 1 << 18;
const CELL_FIELDS = ["name", "ra_center", "dec_center", "orientat", "x_tangent", "y_tangent"];
const CORNERS = [1, 2, 3, 4].flatMap((i) => [`ra_corn${i}`, `dec_corn${i}`]);
const MATCH_CELL_FIELDS = ["ra_center", "dec_center", ...CORNERS];
const MATCH_REGION_FIELDS = [
  ...["ra_tangent", "dec_tangent", "ra_min", "ra_max", "dec_min", "dec_max"],
  ...["skycell_start", "skycell_end"],
];
const REGION_FIELDS = ["ra_tangent", "dec_tangent", "orientat", "skycell_start", "skycell_end"];

/** The projection region a sky cell belongs to: degrees; and the overlap of neighbouring cells. */
export interface SkymapRegion {
  readonly index: number;
  readonly ra_min: number;
  readonly ra_max: number;
  readonly dec_min: number;
  readonly dec_max: number;
  /** `meta.skycell_border_pixels`: pixels that neighbouring cells share. */
  readonly skycell_border_pixels: number;
}

/** Columns of numbers by name. */
export type SkymapColumns = Readonly<Record<string, readonly number[]>>;

/**
 * The tessellation of the sky into sky cells (reference file `skycells`; romancal 1.0.1 skycell/skymap.py). The real one has
 * about eight million cells, so that names are looked up in the file and no table is kept.
 */
export class Skymap {
  private regionFields: Promise<Record<string, FieldData>> | undefined;

  private constructor(
    readonly path: string,
    private readonly metadata: Metadata,
    private readonly cells: NdArray,
    private readonly regions: NdArray,
    private readonly release: () => Promise<void>,
  ) {}

  /** Throws UserError where the file is missing or is no skycells reference file. */
  static async open(path: string): Promise<Skymap> {
    // a checksum would have all eight million rows read for a few of them
    const file = await openRoman(path, { checksums: false });
    try {
      const { roman, kind } = file;
      if (kind !== "skycells")
        throw new UserError(
          `${path}: expected a skymap (skycells reference file), found ${describeKind(kind)}`,
        );
      const meta = isMap(roman.meta) ? roman.meta : {};
      return new Skymap(
        path,
        new Metadata(path, meta, "roman.meta"),
        rowsOf(roman, "skycells", CELL_FIELDS, path),
        rowsOf(roman, "projection_regions", REGION_FIELDS, path),
        file.close,
      );
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The WCS of the cell with this name; undefined where the skymap has none. */
  async cell(name: string): Promise<SkycellWcsInfo | undefined> {
    const index = await this.indexOf(name);
    return index === undefined ? undefined : this.infoOf(name, index);
  }

  private async infoOf(name: string, index: number): Promise<SkycellWcsInfo> {
    const cell = await rowAt(this.cells, index);
    const { regions, region } = await this.regionOf(name, index);
    const size = this.metadata.number("nxy_skycell");
    return {
      name,
      pixel_scale: this.metadata.number("pixel_scale") / 3600,
      ra_projection_center: numbers(regions.ra_tangent)[region],
      dec_projection_center: numbers(regions.dec_tangent)[region],
      x0_projection: numbers(cell.x_tangent)[0],
      y0_projection: numbers(cell.y_tangent)[0],
      ra_center: numbers(cell.ra_center)[0],
      dec_center: numbers(cell.dec_center)[0],
      nx: size,
      ny: size,
      orientat: numbers(cell.orientat)[0],
      orientat_projection_center: numbers(regions.orientat)[region],
    };
  }

  /** The projection region of the cell with this name; undefined where the skymap has no such cell. */
  async region(name: string): Promise<SkymapRegion | undefined> {
    const index = await this.indexOf(name);
    if (index === undefined) return undefined;
    const { regions, region } = await this.regionOf(name, index);
    const field = (key: string): number => {
      if (!(key in regions)) throw new UserError(`${this.path}: roman.projection_regions: no column ${key}`);
      return numbers(regions[key])[region];
    };
    return {
      index: field("index"),
      ra_min: field("ra_min"),
      ra_max: field("ra_max"),
      dec_min: field("dec_min"),
      dec_max: field("dec_max"),
      skycell_border_pixels: this.metadata.number("skycell_border_pixels"),
    };
  }

  /** The table of projection regions by column, rows in file order. */
  async regionTable(): Promise<SkymapColumns> {
    const fields = await (this.regionFields ??= this.regions.readFields());
    return columnsOf(fields, MATCH_REGION_FIELDS, `${this.path}: roman.projection_regions`);
  }

  /** Rows `first` to `end` (without it) of the table of sky cells, by column; only these are read. */
  async cellRows(first: number, end: number): Promise<SkymapColumns> {
    if (!(first >= 0 && first <= end && end <= this.cells.shape[0]))
      throw new UserError(
        `${this.path}: roman.projection_regions: rows ${first} to ${end} are not in the table of ${this.cells.shape[0]} sky cells`,
      );
    const { row } = fieldAt(this.cells, "name");
    const fields = await this.cells.view({ shape: [end - first], offset: first * row }).readFields();
    return columnsOf(fields, MATCH_CELL_FIELDS, `${this.path}: roman.skycells`);
  }

  /** What an association says of the sky cell in row `index` of the table. */
  async cellAt(index: number): Promise<SkycellWcsInfo> {
    const { name } = await rowAt(this.cells, index);
    return this.infoOf((name as string[])[0], index);
  }

  close(): Promise<void> {
    return this.release();
  }

  private async regionOf(
    name: string,
    index: number,
  ): Promise<{ regions: Record<string, FieldData>; region: number }> {
    const regions = await (this.regionFields ??= this.regions.readFields());
    const start = numbers(regions.skycell_start);
    const end = numbers(regions.skycell_end);
    const region = start.findIndex((first, i) => first <= index && index < end[i]);
    if (region < 0) throw new UserError(`${this.path}: sky cell ${name} belongs to no projection region`);
    return { regions, region };
  }

  private async indexOf(name: string): Promise<number | undefined> {
    const { offset, field, row } = fieldAt(this.cells, "name");
    const { datatype, byteorder } = field;
    const rows = this.cells.shape[0];
    for (let first = 0; first < rows; first += PIECE_ROWS) {
      const shape = [Math.min(PIECE_ROWS, rows - first)];
      const place = { offset: first * row + offset, strides: [row] };
      const found = await this.cells.view({ shape, datatype, byteorder, ...place }).indexOfString(name);
      if (found >= 0) return first + found;
    }
    return undefined;
  }
}

function columnsOf(
  fields: Record<string, FieldData>,
  names: readonly string[],
  where: string,
): SkymapColumns {
  return Object.fromEntries(
    names.map((name) => {
      if (!Object.hasOwn(fields, name)) throw new UserError(`${where}: no column ${name}`);
      return [name, numbers(fields[name])];
    }),
  );
}

function rowsOf(roman: AsdfMap, key: string, fields: readonly string[], path: string): NdArray {
  const node = roman[key];
  const names =
    node instanceof NdArray && node.shape.length === 1 ? fieldsOf(node)?.map(({ name }) => name) : undefined;
  const missing = fields.filter((name) => !names?.includes(name));
  if (missing.length)
    throw new UserError(`${path}: roman.${key}: expected a table with the columns ${missing.join(", ")}`);
  return node as NdArray;
}

function fieldsOf(array: NdArray): readonly Field[] | undefined {
  const { datatype } = array;
  return typeof datatype === "string" || isString(datatype) ? undefined : (datatype as readonly Field[]);
}

/** A field, its byte offset within a row, and bytes a row. */
function fieldAt(array: NdArray, name: string): { offset: number; field: Field; row: number } {
  let row = 0;
  let found: { offset: number; field: Field } | undefined;
  for (const field of fieldsOf(array) ?? []) {
    if (field.name === name) found = { offset: row, field };
    row += fieldSize(field);
  }
  if (!found) throw new UserError(`${array.where}: no column ${name}`);
  return { ...found, row };
}

function rowAt(array: NdArray, index: number): Promise<Record<string, FieldData>> {
  const { row } = fieldAt(array, "name");
  return array.view({ shape: [1], offset: index * row }).readFields();
}

function numbers(column: FieldData): number[] {
  return Array.from(column as ArrayLike<number | bigint>, Number);
}
