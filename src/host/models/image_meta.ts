import { type AsdfMap, type AsdfValue, TaggedScalar, isMap, tagOf } from "../asdf/index.js";
import { pythonRepr } from "./python_repr.js";
import { type Column, type ColumnData, tableNode } from "./table.js";
import { isFloatAt, timeOf } from "./tree.js";

/** Groups of an exposure's metadata that the mosaic keeps a table of; source: rad 1.0.0 meta/individual_image_meta. */
const GROUPS = new Set(
  ["background", "cal_step", "coordinates", "ephemeris", "exposure", "guide_star", "instrument"].concat(
    ["observation", "photometry", "pointing", "program", "rcs", "ref_file", "source_catalog"],
    ["velocity_aberration", "visit", "wcsinfo"],
  ),
);
/** Scalars of the metadata's top level, collected in the table "basic"; source: rad 1.0.0 basic. */
const BASIC = new Set(
  ["calibration_software_name", "calibration_software_version", "file_date", "filename", "model_type"].concat(
    ["origin", "prd_version", "product_type", "sdf_software_version", "telescope"],
  ),
);

type Cell =
  | { readonly kind: "float" | "integer"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "time"; readonly value: string; readonly baseFormat?: string }
  | { readonly kind: "none" | "missing" };

/**
 * The metadata of the exposures as astropy tables, one row an exposure: `meta.individual_image_meta`.
 * Lists and mappings within a group become Python's text of them; what some exposures lack becomes nan in columns of
 * numbers and text elsewhere. Source: romancal 1.0.1 resample/_meta_blender.py TableBuilder.
 */
export function individualImageMeta(metas: readonly AsdfMap[]): AsdfMap {
  const tables = new Map<string, Map<string, Cell[]>>();
  metas.forEach((meta, row) => {
    const basic: AsdfMap[] = [];
    for (const [key, value] of Object.entries(meta)) {
      if (BASIC.has(key)) basic.push({ [key]: value });
      else if (GROUPS.has(key) && isMap(value)) addRow(tables, key, row, rowOf(value));
    }
    if (basic.length) {
      const cells = Object.keys(meta).filter((key) => BASIC.has(key));
      addRow(tables, "basic", row, new Map(cells.map((key) => [key, cellOf(meta, key)])));
    }
  });
  const node: AsdfMap = {};
  for (const name of [...tables.keys()].sort()) {
    const columns = [...(tables.get(name) as Map<string, Cell[]>)];
    node[name] = tableNode(columns.map(([column, cells]) => columnOf(column, padded(cells, metas.length))));
  }
  return node;
}

function rowOf(group: AsdfMap): Map<string, Cell> {
  return new Map(Object.keys(group).map((key) => [key, cellOf(group, key)]));
}

function addRow(
  tables: Map<string, Map<string, Cell[]>>,
  name: string,
  row: number,
  cells: Map<string, Cell>,
): void {
  let table = tables.get(name);
  if (!table) tables.set(name, (table = new Map()));
  for (const [key, cell] of cells) {
    let column = table.get(key);
    if (!column) table.set(key, (column = []));
    padded(column, row).push(cell);
  }
}

function padded(cells: Cell[], rows: number): Cell[] {
  while (cells.length < rows) cells.push({ kind: "missing" });
  return cells;
}

function cellOf(group: AsdfMap, key: string): Cell {
  const node = group[key];
  if (node === null || node === undefined) return { kind: "none" };
  if (tagOf(node)?.includes("time/time")) {
    const baseFormat = isMap(node) && typeof node.base_format === "string" ? node.base_format : undefined;
    const time = timeOf(node);
    if (time) return { kind: "time", value: time.isot, baseFormat };
  }
  const value: AsdfValue = node instanceof TaggedScalar ? node.value : node;
  if (typeof value === "number") return { kind: isFloatAt(group, key) ? "float" : "integer", value };
  if (typeof value === "bigint") return { kind: "integer", value: Number(value) };
  if (typeof value === "boolean") return { kind: "boolean", value };
  if (typeof value === "string") return { kind: "string", value };
  return { kind: "string", value: pythonRepr(value) };
}

function columnOf(name: string, cells: readonly Cell[]): Column {
  return { name, data: dataOf(cells) };
}

function dataOf(cells: readonly Cell[]): ColumnData {
  const known = cells.filter((cell) => cell.kind !== "none" && cell.kind !== "missing");
  if (known.length === 0) return { kind: "string", values: cells.map(() => "None") };
  const whole = known.length === cells.length;
  const all = (...kinds: Cell["kind"][]): boolean => known.every((cell) => kinds.includes(cell.kind));
  if (whole && all("integer"))
    return { kind: "int64", values: BigInt64Array.from(cells, (cell) => BigInt(numberOf(cell))) };
  if (all("integer", "float")) return { kind: "float64", values: Float64Array.from(cells, numberOf) };
  if (whole && all("boolean"))
    return { kind: "bool", values: Uint8Array.from(cells, (cell) => (textOf(cell) === "True" ? 1 : 0)) };
  if (whole && all("time")) {
    const [first] = cells;
    const baseFormat = first.kind === "time" ? first.baseFormat : undefined;
    return { kind: "time", values: cells.map(textOf), baseFormat };
  }
  return { kind: "string", values: cells.map(textOf) };
}

function numberOf(cell: Cell): number {
  return cell.kind === "integer" || cell.kind === "float" ? cell.value : NaN;
}

/** Python's `str()` of a cell. */
function textOf(cell: Cell): string {
  switch (cell.kind) {
    case "none":
      return "None";
    case "missing":
      return "MISSING_CELL";
    case "float":
      return pythonRepr(cell.value, true);
    case "boolean":
      return cell.value ? "True" : "False";
    default:
      return String(cell.value);
  }
}
