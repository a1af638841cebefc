import type { ByteSource } from "./source.js";
import type { AsdfMap, AsdfValue } from "./types.js";

export interface OpenOptions {
  /** Name for messages; default: the path. */
  readonly name?: string;
  /** Verify md5 checksums of blocks when they are read (default true). */
  readonly checksums?: boolean;
  /** Follow arrays that lie in other files, relative to this one (default false: reading them throws). */
  readonly external?: boolean;
  /** Load arrays of at most this many bytes at once, so that `values()` answers (default 16384; 0 for none). */
  readonly preload?: number;
}

/** An open file: its tree is in memory, its arrays are read when asked for. */
export interface AsdfFile {
  readonly name: string;
  readonly tree: AsdfMap;
  /** Version of the standard the file says it follows, e.g. "1.6.0". */
  readonly standard: string;
  /** Lets go of the file; arrays that were not read can no longer be. */
  close(): Promise<void>;
}

/**
 * Opens an ASDF file. Reads its tree and small arrays alone.
 * @throws UserError naming the file, if it cannot be read, is no ASDF file or is damaged
 */
export function openAsdf(
  _from: string | Uint8Array | ByteSource,
  _options: OpenOptions = {},
): Promise<AsdfFile> {
  throw new Error("not yet");
}

/** Loads every array of at most `maxBytes` bytes below a node, so that `values()` and `numbers()` answer. */
export function loadArrays(_node: AsdfValue, _maxBytes: number): Promise<void> {
  throw new Error("not yet");
}
