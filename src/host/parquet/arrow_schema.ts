import { Builder, type Offset } from "flatbuffers";

export type ArrowType = "bool" | "int32" | "int64" | "float32" | "float64";

export interface ArrowField {
  readonly name: string;
  readonly type: ArrowType;
  readonly metadata?: ReadonlyMap<string, string>;
}

// Numbers of Arrow's format/Schema.fbs and Message.fbs
const METADATA_V5 = 4;
const HEADER_SCHEMA = 1;
const TYPE_INT = 2;
const TYPE_FLOAT = 3;
const TYPE_BOOL = 6;
const PRECISION = { float32: 1, float64: 2 } as const;
const CONTINUATION = 0xffffffff;

/**
 * An Arrow schema as the IPC message (base64) that Parquet files keep under the key `ARROW:schema`: without it, readers that build on
 * Arrow see no metadata of single columns. Source: Arrow columnar format 1.4, Parquet writer of Arrow C++.
 */
export function arrowSchema(fields: readonly ArrowField[], metadata: ReadonlyMap<string, string>): string {
  const builder = new Builder(1024);
  const fieldOffsets = fields.map((field) => fieldTable(builder, field));
  const fieldVector = vectorOf(builder, fieldOffsets);
  const metadataVector = keyValues(builder, metadata);
  builder.startObject(4);
  builder.addFieldInt16(0, 0, 0);
  builder.addFieldOffset(1, fieldVector, 0);
  builder.addFieldOffset(2, metadataVector, 0);
  const schema = builder.endObject();
  builder.startObject(5);
  builder.addFieldInt16(0, METADATA_V5, 0);
  builder.addFieldInt8(1, HEADER_SCHEMA, 0);
  builder.addFieldOffset(2, schema, 0);
  builder.addFieldInt64(3, 0n, 0n);
  builder.finish(builder.endObject());
  return Buffer.from(encapsulate(builder.asUint8Array())).toString("base64");
}

/** Continuation mark, length, message padded to 8 bytes. */
function encapsulate(message: Uint8Array): Uint8Array {
  const length = Math.ceil(message.length / 8) * 8;
  const bytes = new Uint8Array(8 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setInt32(4, length, true);
  bytes.set(message, 8);
  return bytes;
}

function fieldTable(builder: Builder, field: ArrowField): Offset {
  const name = builder.createString(field.name);
  const children = vectorOf(builder, []);
  const metadata = keyValues(builder, field.metadata ?? new Map());
  const [typeNumber, type] = typeTable(builder, field.type);
  builder.startObject(7);
  builder.addFieldOffset(0, name, 0);
  builder.addFieldInt8(1, 1, 0);
  builder.addFieldInt8(2, typeNumber, 0);
  builder.addFieldOffset(3, type, 0);
  builder.addFieldOffset(5, children, 0);
  builder.addFieldOffset(6, metadata, 0);
  return builder.endObject();
}

function typeTable(builder: Builder, type: ArrowType): [number, Offset] {
  if (type === "bool") {
    builder.startObject(0);
    return [TYPE_BOOL, builder.endObject()];
  }
  if (type === "int32" || type === "int64") {
    builder.startObject(2);
    builder.addFieldInt32(0, type === "int32" ? 32 : 64, 0);
    builder.addFieldInt8(1, 1, 0);
    return [TYPE_INT, builder.endObject()];
  }
  builder.startObject(1);
  builder.addFieldInt16(0, PRECISION[type], 0);
  return [TYPE_FLOAT, builder.endObject()];
}

function keyValues(builder: Builder, entries: ReadonlyMap<string, string>): Offset {
  const pairs = [...entries].map(([key, value]) => {
    const keyOffset = builder.createString(key);
    const valueOffset = builder.createString(value);
    builder.startObject(2);
    builder.addFieldOffset(0, keyOffset, 0);
    builder.addFieldOffset(1, valueOffset, 0);
    return builder.endObject();
  });
  return vectorOf(builder, pairs);
}

function vectorOf(builder: Builder, offsets: readonly Offset[]): Offset {
  builder.startVector(4, offsets.length, 4);
  for (let i = offsets.length - 1; i >= 0; i--) builder.addOffset(offsets[i]);
  return builder.endVector();
}
