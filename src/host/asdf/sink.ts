import { randomBytes } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.js";
import { timed } from "./activity.js";
import { reason } from "./source.js";

/** Where a file's bytes go, in order; what was written can be overwritten. */
export interface Sink {
  readonly position: number;
  write(bytes: Uint8Array): Promise<void>;
  patch(offset: number, bytes: Uint8Array): Promise<void>;
  /** Forgets what was written from byte `to` on: all, unless told otherwise. */
  rewind(to?: number): Promise<void>;
}

export class MemorySink implements Sink {
  #pieces: { offset: number; bytes: Uint8Array }[] = [];
  position = 0;

  write(bytes: Uint8Array): Promise<void> {
    // The piece may be a view of something that is used again.
    this.#pieces.push({ offset: this.position, bytes: new Uint8Array(bytes) });
    this.position += bytes.length;
    return Promise.resolve();
  }

  patch(offset: number, bytes: Uint8Array): Promise<void> {
    this.#pieces.push({ offset, bytes });
    return Promise.resolve();
  }

  rewind(to = 0): Promise<void> {
    this.#pieces = this.#pieces.filter(({ offset }) => offset < to);
    this.position = to;
    return Promise.resolve();
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.position);
    for (const { offset, bytes } of this.#pieces) out.set(bytes, offset);
    return out;
  }
}

export class FileSink implements Sink {
  position = 0;

  constructor(private readonly handle: FileHandle) {}

  async write(bytes: Uint8Array): Promise<void> {
    await this.patch(this.position, bytes);
    this.position += bytes.length;
  }

  patch(offset: number, bytes: Uint8Array): Promise<void> {
    return timed("write", bytes.length, () => put(this.handle, bytes, offset));
  }

  async rewind(to = 0): Promise<void> {
    await this.handle.truncate(to);
    this.position = to;
  }
}

/** Writes all of the bytes from byte `at` of a file on. */
export async function put(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}

/**
 * Writes a file beside its place, then renames it, so that under its name there is never half a file.
 * @throws UserError if the system refuses; what `fill` throws passes through. Nothing is left behind then
 */
export async function writeAtomically(path: string, fill: (sink: Sink) => Promise<void>): Promise<void> {
  const beside = join(
    dirname(path),
    `.${basename(path)}.${process.pid}.${randomBytes(4).toString("hex")}.part`,
  );
  let handle: FileHandle | undefined;
  try {
    handle = await open(beside, "wx");
    await fill(new FileSink(handle));
    await handle.close();
    handle = undefined;
    await rename(beside, path);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await rm(beside, { force: true }).catch(() => undefined);
    const system = error instanceof Error && "syscall" in error;
    throw system ? new UserError(`${path}: cannot be written: ${reason(error)}`) : error;
  }
}
