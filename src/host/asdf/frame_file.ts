import { readSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { UserError } from "../errors.js";
import { timed, timedSync } from "./activity.js";
import { HEADER_BYTES } from "./blocks.js";
import { FileSink, put, type Sink } from "./sink.js";
import { reason } from "./source.js";

/** Files are let go of with the last array that lies in them. */
const forgotten = new FinalizationRegistry<FileHandle>(
  (handle) => void handle.close().catch(() => undefined),
);

/**
 * A file that frames of arrays go to as they are made, so that they are not in memory. It becomes an ASDF file where the frames of each
 * array lie together: before them is room for the tree, and before each array's for the header of a block ({@link writeAsdf}).
 */
export class FrameFile {
  #handle: FileHandle | undefined;
  #opening: Promise<FileHandle> | undefined;
  #end: number;
  #isFile = false;
  #turn: Promise<void> = Promise.resolve();

  /**
   * @param path where it lies as long as it is no whole file; made when the first frame comes
   * @param name what messages call it
   * @param room bytes for the tree
   */
  constructor(
    public path: string,
    private readonly name: string,
    readonly room: number,
  ) {
    this.#end = room;
  }

  /** Where the next frame goes. */
  get end(): number {
    return this.#end;
  }

  /**
   * A place for frames of one array that lie together, after all arrays that entered before. `ready` when those have left; each must.
   */
  enter(): { readonly ready: Promise<void>; leave(): void } {
    const ready = this.#turn;
    let leave: () => void = () => undefined;
    this.#turn = new Promise<void>((done) => (leave = done)).then(() => ready);
    return { ready, leave };
  }

  /** Leaves room for the header of a block; where its data begin. */
  beginBlock(): number {
    return (this.#end += HEADER_BYTES);
  }

  /** Writes bytes after all others; where they lie. @throws UserError where the system refuses */
  async append(bytes: Uint8Array): Promise<number> {
    const at = this.#end;
    this.#end += bytes.length;
    try {
      const handle = await (this.#opening ??= this.#open());
      await timed("write", bytes.length, () => put(handle, bytes, at));
    } catch (error) {
      throw new UserError(`${this.name}: cannot be written: ${reason(error)}`);
    }
    return at;
  }

  /** Fills `bytes` from byte `at` on. */
  read(at: number, bytes: Uint8Array): void {
    const handle = this.#handle;
    if (!handle) throw new Error(`${this.name}: nothing was written`);
    timedSync("read", bytes.length, () => {
      for (let done = 0; done < bytes.length;) {
        const count = readSync(handle.fd, bytes, done, bytes.length - done, at + done);
        if (count === 0) throw new UserError(`${this.name}: cut short by somebody else`);
        done += count;
      }
    });
  }

  /** Makes it the file `path`: `fill` writes what is left, from the byte `end` on. What was written stays readable here. */
  async become(path: string, end: number, fill: (sink: Sink) => Promise<void>): Promise<void> {
    try {
      const sink = new FileSink(await (this.#opening ??= this.#open()));
      await sink.rewind(end);
      await fill(sink);
      await rename(this.path, path);
      this.path = path;
      this.#isFile = true;
    } catch (error) {
      const system = error instanceof Error && "syscall" in error;
      throw system ? new UserError(`${path}: cannot be written: ${reason(error)}`) : error;
    }
  }

  /** Whether it can become that file: not where it lies in another folder, or is a file already. */
  canBecome(path: string): boolean {
    return !this.#isFile && dirname(resolve(this.path)) === dirname(resolve(path));
  }

  /** Takes it from where it lay, or where it became a file if it has not been renamed since; what was written stays readable here. */
  async remove(): Promise<void> {
    if (!this.#opening) return;
    await this.#opening.catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  async #open(): Promise<FileHandle> {
    const handle = await open(this.path, "wx+");
    forgotten.register(this, handle);
    return (this.#handle = handle);
  }
}
