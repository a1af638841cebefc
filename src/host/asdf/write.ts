import type { Compression } from "./compression.js";
import type { AsdfMap } from "./types.js";

export interface WriteOptions {
  /** For arrays that do not say otherwise (default "none"); "input" keeps what each array was read with. */
  readonly compression?: Compression | "input";
  /** Version of the standard to follow (default "1.6.0"). */
  readonly standard?: string;
  /** Write md5 checksums of blocks (default true). */
  readonly checksums?: boolean;
  /** Name for messages of {@link toBytes}. */
  readonly name?: string;
}

/** Writes a file: beside its place first, then renamed, so that no half-written file is ever seen under its name. */
export function writeAsdf(_path: string, _tree: AsdfMap, _options: WriteOptions = {}): Promise<void> {
  throw new Error("not yet");
}

/** The bytes of an ASDF file. */
export function toBytes(_tree: AsdfMap, _options: WriteOptions = {}): Promise<Uint8Array> {
  throw new Error("not yet");
}
