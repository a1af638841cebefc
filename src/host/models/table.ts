import { type AsdfMap, type AsdfValue, NdArray, withTag } from "../asdf/index.js";
import { unitNode } from "./units.js";

const TABLE_TAG = "tag:astropy.org:astropy/table/table-1.3.0";
const COLUMN_TAG = "!table/column-1.2.0";
const TIME_TAG = "!time/time-1.4.0";

/** Values of one column; int64 as BigInt64Array, strings as they are. */
export type ColumnData =
  | { readonly kind: "float32"; readonly values: Float32Array }
  | { readonly kind: "float64"; readonly values: Float64Array }
  | { readonly kind: "int32"; readonly values: Int32Array }
  | { readonly kind: "int64"; readonly values: BigInt64Array }
  | { readonly kind: "bool"; readonly values: Uint8Array }
  | { readonly kind: "string"; readonly values: readonly string[] }
  /** ISO strings; written as an astropy Time mixin of the given format. */
  | { readonly kind: "time"; readonly values: readonly string[]; readonly baseFormat?: string };

export interface Column {
  readonly name: string;
  readonly data: ColumnData;
  /** As astropy prints it, e.g. "pix", "nJy / arcsec2". */
  readonly unit?: string;
  readonly description?: string;
}

/** Strings as numpy's `<U` array of the longest: UCS-4, at least one character. */
function ucs4Array(strings: readonly string[]): NdArray {
  const points = strings.map((text) => [...text].map((character) => character.codePointAt(0) as number));
  const length = Math.max(1, ...points.map((list) => list.length));
  const data = new Uint32Array(length * strings.length);
  points.forEach((list, row) => data.set(list, row * length));
  return NdArray.from(data).view({ shape: [strings.length], datatype: ["ucs4", length] });
}

function arrayOf(data: ColumnData): NdArray {
  if (data.kind === "string" || data.kind === "time") return ucs4Array(data.values);
  return NdArray.from(data.values, undefined, data.kind === "bool" ? "bool8" : data.kind);
}

/** A column as asdf-astropy 0.11 writes it: a `!table/column`, or a `!time/time` mixin for times. */
function columnNode(column: Column): AsdfValue {
  const array = arrayOf(column.data);
  if (column.data.kind === "time") {
    const node: AsdfMap = { value: array };
    if (column.data.baseFormat !== undefined) node.base_format = column.data.baseFormat;
    return withTag(TIME_TAG, node);
  }
  const node: AsdfMap = { data: array };
  if (column.description !== undefined) node.description = column.description;
  node.name = column.name;
  if (column.unit !== undefined) node.unit = unitNode(column.unit);
  return withTag(COLUMN_TAG, node);
}

/** An astropy Table as asdf-astropy 0.11 writes it; `meta` becomes `Table.meta`. */
export function tableNode(columns: readonly Column[], meta?: AsdfMap): AsdfMap {
  const node: AsdfMap = {
    colnames: columns.map((column) => column.name),
    columns: columns.map(columnNode),
  };
  if (meta) node.meta = meta;
  node.qtable = false;
  return withTag(TABLE_TAG, node);
}
