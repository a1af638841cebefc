import { UserError } from "../errors.js";
import type { ByteSource } from "./source.js";

export const BLOCK_MAGIC = Uint8Array.of(0xd3, 0x42, 0x4c, 0x4b);
const FIRST_READ = 1 << 15;

/** What stands before the blocks. */
export interface FileHead {
  /** Version of the file format, of the `#ASDF` line. */
  format: string;
  /** Version of the standard, of the `#ASDF_STANDARD` line. */
  standard: string;
  /** The YAML document; empty if the file has none. */
  yaml: string;
  /** Offset of the first block, undefined if there is none. */
  firstBlock: number | undefined;
}

/** Reads the start of a file piece by piece, as far as is needed. */
class Head {
  bytes: Buffer = Buffer.alloc(0);

  constructor(
    readonly source: ByteSource,
    readonly name: string,
  ) {}

  get done(): boolean {
    return this.bytes.length === this.source.size;
  }

  async more(): Promise<void> {
    const end = Math.min(this.source.size, Math.max(FIRST_READ, 2 * this.bytes.length));
    const piece = await this.source.read(this.bytes.length, end - this.bytes.length);
    this.bytes = Buffer.concat([this.bytes, piece]);
  }

  /** Offset just after the next line break. @throws UserError if there is none */
  async lineEnd(from: number): Promise<number> {
    for (;;) {
      const at = this.bytes.indexOf(10, from);
      if (at >= 0) return at + 1;
      if (this.done) throw new UserError(`${this.name}: truncated: the file ends within its head`);
      await this.more();
    }
  }
}

/** @throws UserError if the file is no ASDF file or ends within its tree */
export async function readHead(source: ByteSource, name: string): Promise<FileHead> {
  const head = new Head(source, name);
  if (source.size > 0) await head.more();
  const version = /^#ASDF (\d+\.\d+\.\d+)\r?$/.exec(head.bytes.toString("latin1", 0, 40).split("\n")[0]);
  if (!version) throw new UserError(`${name}: not an ASDF file: it does not begin with "#ASDF 1.0.0"`);
  if (!version[1].startsWith("1.")) {
    throw new UserError(`${name}: ASDF file format ${version[1]} is not supported, expected 1.0.0`);
  }
  let at = await head.lineEnd(0);
  let standard = version[1];
  while (head.bytes[at] === 0x23) {
    const next = await head.lineEnd(at);
    const found = /^#ASDF_STANDARD\s+(\d+\.\d+\.\d+)/.exec(head.bytes.toString("latin1", at, next));
    if (found) standard = found[1];
    at = next;
    if (at + 4 > head.bytes.length && !head.done) await head.more();
  }
  const tree = startsTree(head.bytes, at) ? await readTree(head, at) : { yaml: "", end: at };
  return { format: version[1], standard, yaml: tree.yaml, firstBlock: await findBlock(head, tree.end) };
}

function startsTree(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0x25 || bytes.toString("latin1", at, at + 3) === "---";
}

async function readTree(head: Head, start: number): Promise<{ yaml: string; end: number }> {
  let from = start;
  for (;;) {
    const at = head.bytes.indexOf("\n...", from);
    if (at >= 0) {
      const end = await head.lineEnd(at + 1);
      if (head.bytes.toString("latin1", at + 1, end).trimEnd() === "...") {
        return { yaml: decodeText(head, start, end), end };
      }
      from = at + 4;
    } else if (head.done) {
      throw new UserError(
        `${head.name}: truncated: the file ends within its YAML tree, no "..." line closes it`,
      );
    } else {
      from = Math.max(start, head.bytes.length - 4);
      await head.more();
    }
  }
}

function decodeText(head: Head, start: number, end: number): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(head.bytes.subarray(start, end));
  } catch {
    throw new UserError(`${head.name}: the YAML tree is not valid UTF-8: the file is damaged`);
  }
}

/** Between the tree and the first block there may be anything but the block's first four bytes. */
async function findBlock(head: Head, from: number): Promise<number | undefined> {
  for (;;) {
    const at = head.bytes.indexOf(BLOCK_MAGIC, from);
    if (at >= 0) return at;
    if (head.done) return undefined;
    from = Math.max(from, head.bytes.length - 3);
    await head.more();
  }
}
