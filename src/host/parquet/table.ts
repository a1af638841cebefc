import { parquetWriteBuffer } from "hyparquet-writer";
import { type ArrowType, arrowSchema } from "./arrow_schema.js";

/** One column of a Parquet table; bool as 0 or 1 in a Uint8Array. Every column may hold nulls, as pyarrow's do. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: ArrowType;
  readonly data: Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
  /** Key-value metadata of the column, as Arrow keeps it. */
  readonly metadata?: ReadonlyMap<string, string>;
}

const PHYSICAL = {
  bool: "BOOLEAN",
  int32: "INT32",
  int64: "INT64",
  float32: "FLOAT",
  float64: "DOUBLE",
} as const;

/** The bytes of a Parquet file with this table, uncompressed, with Arrow's schema beside `metadata`. */
export function parquetBytes(
  columns: readonly ParquetColumn[],
  metadata: ReadonlyMap<string, string>,
  createdBy: string,
): Uint8Array {
  const rows = columns[0]?.data.length ?? 0;
  const odd = columns.find(({ data }) => data.length !== rows);
  if (odd) throw new RangeError(`column ${odd.name}: ${odd.data.length} rows of ${rows}`);
  const schema = arrowSchema(columns, metadata);
  const kvMetadata = [...metadata].map(([key, value]) => ({ key, value }));
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, type, data }) => ({
      name,
      type: PHYSICAL[type],
      data: type === "bool" ? Array.from(data as Uint8Array, Boolean) : data,
      nullable: true,
    })),
    kvMetadata: [...kvMetadata, { key: "ARROW:schema", value: schema }],
    codec: "UNCOMPRESSED",
    createdBy,
    rowGroupSize: Math.max(1, Math.min(rows, 1 << 20)),
  });
  return new Uint8Array(buffer);
}
