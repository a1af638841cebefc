/**
 * ASDF (Advanced Scientific Data Format), standard 1.0 to 1.6: read, write, describe. Stands on its own: nothing here
 * knows of any telescope.
 */
export { UserError } from "../errors.js";
export { FILE_ACTIVITY, type FileActivity } from "./activity.js";
export { Complex, TaggedScalar, copyTree, float, isMap, notesOf, tagOf, withTag } from "./types.js";
export type { AsdfMap, AsdfScalar, AsdfValue, NodeNotes, PlainScalar } from "./types.js";
export { NdArray } from "./ndarray.js";
export type { ArrayOptions, NdArrayInit, Storage } from "./ndarray.js";
export { MemoryStore, type ByteStore } from "./store.js";
export { FrameEncoder, type FrameOptions } from "./frame_encoder.js";
export { FrameFile } from "./frame_file.js";
export { FrameStore } from "./frames.js";
export type { ByteOrder, Datatype, Field, NumericDatatype, StringDatatype, TypedArray } from "./datatype.js";
export { describeDatatype } from "./datatype.js";
export { halfToNumber, numberToHalf } from "../numerics/half.js";
export type { Element } from "./element.js";
export type { FieldData, Nested } from "./decode.js";
export type { Compression } from "./compression.js";
export { loadArrays, openAsdf, type AsdfFile, type OpenOptions } from "./open.js";
export type { ByteSource } from "./source.js";
export { toBytes, writeAsdf, type WriteOptions } from "./write.js";
export { describeTree, type DescribeOptions } from "./describe.js";
