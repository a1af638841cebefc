import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { arrowSchema } from "../../../src/host/parquet/arrow_schema.js";
import { type ParquetColumn, parquetBytes } from "../../../src/host/parquet/table.js";

const columns = (rows: number): ParquetColumn[] => [
  { name: "label", type: "int32", data: Int32Array.from({ length: rows }, (_, i) => i + 1) },
  { name: "id", type: "int64", data: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i) << 55n) },
  { name: "flag", type: "bool", data: Uint8Array.from({ length: rows }, (_, i) => i % 2) },
  { name: "flux", type: "float32", data: Float32Array.from({ length: rows }, (_, i) => (i ? i / 3 : NaN)) },
  { name: "ra", type: "float64", data: Float64Array.from({ length: rows }, (_, i) => 270 + i / 7) },
];

const buffer = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;

describe("parquetBytes", () => {
  it.each([1, 3, 5000])("keeps %d rows exactly", async (rows) => {
    const table = columns(rows);
    const file = buffer(parquetBytes(table, new Map([["key", "välue"]]), "test version 1"));
    const read = await parquetReadObjects({ file });
    expect(read).toHaveLength(rows);
    for (const { name, type, data } of table)
      for (const i of [0, Math.floor(rows / 2), rows - 1])
        expect(read[i][name], `${name} ${i}`).toEqual(type === "bool" ? data[i] === 1 : data[i]);
    const metadata = parquetMetadata(file);
    expect(metadata.created_by).toBe("test version 1");
    expect(metadata.key_value_metadata?.find(({ key }) => key === "key")?.value).toBe("välue");
    expect(metadata.schema.slice(1).every((column) => column.repetition_type === "OPTIONAL")).toBe(true);
    expect(
      metadata.row_groups.every((group) =>
        group.columns.every((column) => column.meta_data?.codec === "UNCOMPRESSED"),
      ),
    ).toBe(true);
  });

  it("writes a table without rows", async () => {
    const file = buffer(parquetBytes(columns(0), new Map(), "test"));
    expect(await parquetReadObjects({ file })).toEqual([]);
    expect(parquetMetadata(file).schema.map(({ name }) => name)).toEqual([
      "root",
      "label",
      "id",
      "flag",
      "flux",
      "ra",
    ]);
  });

  it("refuses columns of different lengths", () => {
    const odd = [...columns(3), { name: "odd", type: "int32", data: new Int32Array(2) } as const];
    expect(() => parquetBytes(odd, new Map(), "test")).toThrow(/column odd: 2 rows of 3/);
  });
});

describe("arrowSchema", () => {
  it("is an IPC message: mark, length, padded flatbuffer", () => {
    const fields = [{ name: "flux", type: "float32", metadata: new Map([["unit", "nJy"]]) }] as const;
    const bytes = Buffer.from(arrowSchema(fields, new Map([["k", "v"]])), "base64");
    expect(bytes.readUInt32LE(0)).toBe(0xffffffff);
    expect(bytes.readInt32LE(4)).toBe(bytes.length - 8);
    expect(bytes.length % 8).toBe(0);
    for (const text of ["flux", "unit", "nJy"]) expect(bytes.includes(text)).toBe(true);
  });

  it("is what pyarrow 26 reads as these fields", () => {
    // pyarrow.ipc.read_schema of this text: flux: float {unit: nJy}, n: int64; metadata {k: v}
    const fields = [
      { name: "flux", type: "float32", metadata: new Map([["unit", "nJy"]]) },
      { name: "n", type: "int64" },
    ] as const;
    expect(arrowSchema(fields, new Map([["k", "v"]]))).toBe(GOLDEN);
  });
});

const GOLDEN =
  "/////zABAAAQAAAAAAAKAA4ADAALAAQACgAAABQAAAAAAAABBAAKAAwAAAAIAAQACgAAAAgAAAAoAAAAAQAAAAQAAABI////CAAA" +
  "AAwAAAABAAAAdgAAAAEAAABrAAAAAgAAAGgAAAAYAAAAAAASABgAFAATABIADAAAAAgABAASAAAAKAAAACgAAAAUAAAAAAACASAA" +
  "AAAIAAwACAAHAAgAAAAAAAABQAAAAAAAAAAAAAAAAQAAAG4AEgAaABQAEwASAAwAAAAIAAQAEgAAACQAAABQAAAAFAAAAAAAAwFI" +
  "AAAAAAAGAAgABgAGAAAAAAABAAEAAAAMAAAACAAMAAgABAAIAAAACAAAAAwAAAADAAAAbkp5AAQAAAB1bml0AAAAAAAAAAAEAAAA" +
  "Zmx1eAAAAAAAAAAA";
