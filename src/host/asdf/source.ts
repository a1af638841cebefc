import { open, type FileHandle } from "node:fs/promises";
import { UserError } from "../errors.js";
import { timed } from "./activity.js";

/** Random access to the bytes of a file. */
export interface ByteSource {
  readonly size: number;
  /** Its file descriptor, where it is an open file. */
  readonly fd?: number;
  /** Exactly `length` bytes from `offset`, in memory of the caller's own. @throws UserError if they are not there */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

class FileSource implements ByteSource {
  #handle: FileHandle | undefined;

  constructor(
    private readonly name: string,
    handle: FileHandle,
    readonly size: number,
  ) {
    this.#handle = handle;
  }

  get fd(): number | undefined {
    return this.#handle?.fd;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return timed("read", length, () => this.#read(offset, length));
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    // Not from Buffer's pool: the bytes may become a typed array that lives long.
    const out = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      if (!this.#handle) throw new UserError(`${this.name}: the file was closed before all of it was read`);
      const { bytesRead } = await this.#handle.read(out, at, length - at, offset + at);
      if (bytesRead === 0) throw cutShort(this.name, offset, length, offset + at);
      at += bytesRead;
    }
    return out;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

class MemorySource implements ByteSource {
  constructor(
    private readonly name: string,
    private readonly bytes: Uint8Array,
  ) {}

  get size(): number {
    return this.bytes.length;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) return Promise.reject(cutShort(this.name, offset, length, this.size));
    return Promise.resolve(this.bytes.slice(offset, offset + length));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function cutShort(name: string, offset: number, length: number, end: number): UserError {
  return new UserError(
    `${name}: truncated: it ends at byte ${end}, but bytes ${offset} to ${offset + length} are needed`,
  );
}

/** @throws UserError if the file cannot be opened */
export async function openSource(from: string | Uint8Array | ByteSource, name: string): Promise<ByteSource> {
  if (from instanceof Uint8Array) {
    // Reads must be plain Uint8Arrays, also from a Buffer, whose slice() is a view.
    return new MemorySource(name, new Uint8Array(from.buffer, from.byteOffset, from.byteLength));
  }
  if (typeof from !== "string") return from;
  let handle: FileHandle | undefined;
  try {
    handle = await open(from, "r");
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new UserError(`${name}: is a directory, expected an ASDF file`);
    return new FileSource(name, handle, stat.size);
  } catch (error) {
    await handle?.close();
    if (error instanceof UserError) throw error;
    throw new UserError(`${name}: ${reason(error)}`);
  }
}

/** Why the system refused, in plain words. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "no such file or directory";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EISDIR") return "is a directory";
  if (code === "ENOTDIR") return "a part of its path is not a directory";
  if (code === "ENOSPC") return "no space left on the device";
  return error instanceof Error ? error.message : String(error);
}
