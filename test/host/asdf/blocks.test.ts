import { createHash } from "node:crypto";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { NdArray, UserError, openAsdf, toBytes } from "../../../src/host/asdf/index.js";
import type { AsdfFile, ByteSource, Compression } from "../../../src/host/asdf/index.js";
import { FIXTURES, messageOf } from "./helpers.js";

const DATA = Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i));
const three = {
  a: NdArray.from(DATA),
  b: NdArray.from(Int16Array.of(1, 2, 3)),
  c: NdArray.from(DATA.map((x) => -x)),
};
const INDEX = "#ASDF BLOCK INDEX";

async function checkThree(file: AsdfFile): Promise<void> {
  expect(await (file.tree.c as NdArray).read()).toEqual(DATA.map((x) => -x));
  expect(await (file.tree.a as NdArray).read()).toEqual(DATA);
  expect(await (file.tree.b as NdArray).read()).toEqual(Int16Array.of(1, 2, 3));
}

function blockAt(bytes: Uint8Array, index: number): number {
  let at = -1;
  for (let i = 0; i <= index; i++) at = Buffer.from(bytes).indexOf(Buffer.from("d3424c4b", "hex"), at + 1);
  return at;
}

/** An ASDF file of one float32 array of four elements, whose block is given. */
function withBlock(
  compression: string,
  stored: Uint8Array,
  size = 16,
  checksum: Uint8Array = new Uint8Array(16),
): Uint8Array {
  const tree = `#ASDF 1.0.0\n#ASDF_STANDARD 1.5.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- !core/asdf-1.1.0\n
a: !core/ndarray-1.0.0 {source: 0, shape: [4], datatype: float32, byteorder: little}\n...\n`;
  const header = Buffer.alloc(54);
  header.write("d3424c4b0030", "hex");
  header.write(compression, 10, "latin1");
  header.writeBigUInt64BE(BigInt(stored.length), 14);
  header.writeBigUInt64BE(BigInt(stored.length), 22);
  header.writeBigUInt64BE(BigInt(size), 30);
  header.set(checksum, 38);
  return Buffer.concat([Buffer.from(tree), header, stored]);
}

async function readOne(bytes: Uint8Array, options = {}): Promise<unknown> {
  const file = await openAsdf(bytes, { name: "x.asdf", ...options });
  return (file.tree.a as NdArray).read();
}

describe("block index", () => {
  test("is written, and names every block", async () => {
    const bytes = await toBytes(three);
    const text = Buffer.from(bytes).toString("latin1");
    const offsets = /\[(.*)\]/
      .exec(text.slice(text.indexOf(INDEX)))![1]
      .split(", ")
      .map(Number);
    expect(offsets).toEqual([0, 1, 2].map((i) => blockAt(bytes, i)));
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ["absent", (b: Buffer): Buffer => b.subarray(0, b.indexOf(INDEX))],
    ["cut short", (b: Buffer): Buffer => b.subarray(0, b.indexOf(INDEX) + 30)],
    ["padded with zeros", (b: Buffer): Buffer => Buffer.concat([b, Buffer.alloc(5000)])],
    ["zeroed", (b: Buffer): Buffer => Buffer.from(b).fill(0, b.indexOf(INDEX))],
    [
      "wrong",
      (b: Buffer): Buffer =>
        Buffer.concat([b.subarray(0, b.indexOf("[", b.indexOf(INDEX))), Buffer.from("[5, 900]\n...\n")]),
    ],
    [
      "stale, as the tree grew",
      (b: Buffer): Buffer =>
        Buffer.from(b.toString("latin1").replace("\n...\n", "\nmore: 1\n...\n   "), "latin1"),
    ],
  ])("%s", async (_name, change) => {
    await checkThree(await openAsdf(change(Buffer.from(await toBytes(three)))));
  });

  test("leads past a damaged header; that block alone is lost, and told", async () => {
    const bytes = await toBytes(three);
    bytes[blockAt(bytes, 1)] = 0;
    const file = await openAsdf(bytes, { name: "x.asdf", preload: 0 });
    expect(await (file.tree.a as NdArray).read()).toEqual(DATA);
    expect(await (file.tree.c as NdArray).read()).toEqual(DATA.map((x) => -x));
    expect(await messageOf((file.tree.b as NdArray).read())).toMatch(
      /UserError: x\.asdf: no header of block 1 at byte \d+: the file is damaged/,
    );
  });
});

describe("checksums", () => {
  test.each(["none", "lz4", "zlib"] as Compression[])(
    "%s: a flipped bit is told; checksums: false reads on",
    async (compression) => {
      const values = NdArray.from(DATA, undefined, undefined, { compression });
      const bytes = await toBytes({ a: values, view: values.view({ shape: [2], offset: 8 }) });
      bytes[blockAt(bytes, 0) + 54 + 6000] ^= 1;
      const damaged = /^UserError: x\.asdf: block 0 \(at byte \d+\): .*(checksum does not match|damaged)/;
      const file = await openAsdf(bytes, { name: "x.asdf" });
      expect(await messageOf((file.tree.a as NdArray).read())).toMatch(damaged);
      expect(await messageOf((file.tree.view as NdArray).load())).toMatch(damaged);
      if (compression !== "none") return;
      const trusting = await openAsdf(bytes, { checksums: false });
      expect((await (trusting.tree.a as NdArray).read()).length).toBe(3000);
    },
  );

  test("over the decoded bytes, as older writers have it, are taken too", async () => {
    const data = Float32Array.of(1, 2, 3, 4);
    const plain = new Uint8Array(data.buffer);
    const stored = deflateSync(plain);
    const md5 = (bytes: Uint8Array): Uint8Array => createHash("md5").update(bytes).digest();
    expect(await readOne(withBlock("zlib", stored, 16, md5(plain)))).toEqual(data);
    expect(await readOne(withBlock("zlib", stored, 16, md5(stored)))).toEqual(data);
    expect(await messageOf(readOne(withBlock("zlib", stored, 16, md5(Buffer.from("x")))))).toMatch(
      /checksum/,
    );
  });

  test("are left out on demand", async () => {
    const file = await openAsdf(await toBytes(three, { checksums: false }));
    expect((await file.blocks.all()).map((b) => b.checksum.length)).toEqual([0, 0, 0]);
    await checkThree(file);
  });
});

describe("a small part of an lz4 block", () => {
  const many = Float64Array.from({ length: 3 * (1 << 19) + 77 }, (_, i) => Math.sin(i));
  const values = NdArray.from(many, undefined, undefined, { compression: "lz4" });

  test("is that of the whole, within frames and over their ends", async () => {
    const file = await openAsdf(await toBytes({ values }), { checksums: false });
    const array = file.tree.values as NdArray;
    for (const [first, count] of [
      [0, 3],
      [(1 << 19) - 5, 9],
      [2 * (1 << 19) - 1, 2],
      [many.length - 4, 4],
      [7, 50_000],
    ])
      expect(await array.view({ shape: [count], offset: first * 8 }).read()).toEqual(
        many.subarray(first, first + count),
      );
  });

  test("tells damage", async () => {
    const bytes = await toBytes({ values });
    bytes[blockAt(bytes, 0) + 54] = 0x7f;
    const file = await openAsdf(bytes, { name: "x.asdf", checksums: false });
    expect(await messageOf((file.tree.values as NdArray).view({ shape: [1], offset: 8 }).read())).toMatch(
      /x\.asdf: block 0 .*damaged: an lz4 frame runs past the block's end/,
    );
  });
});

describe("damage is one clear line", () => {
  const plain = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  test.each<[string, string, Uint8Array, RegExp]>([
    ["an unknown compression", "blsc", plain, /compression "blsc" is not supported/],
    ["zlib cut short", "zlib", deflateSync(plain).subarray(0, 12), /block 0 .*damaged: zlib/],
    ["zlib that decodes to more", "zlib", deflateSync(Buffer.alloc(1000)), /block 0 .*damaged/],
    [
      "zlib that decodes to less",
      "zlib",
      deflateSync(Buffer.alloc(7)),
      /block 0 .*damaged: .* 7 bytes, expected 16/,
    ],
    [
      "an lz4 frame past the end",
      "lz4",
      Buffer.from("000000ff10000000", "hex"),
      /lz4 frame runs past the block's end/,
    ],
    ["lz4 that claims 4 GB", "lz4", Buffer.from("00000006ffffffff1000", "hex"), /hold more than 16 bytes/],
    ["lz4 garbage", "lz4", Buffer.from("0000000810000000ffffffff", "hex"), /damaged: lz4/],
    ["zstd garbage", "zstd", Buffer.from("28b52ffd00010203", "hex"), /block 0 .*damaged/],
    ["bzip2 garbage", "bzp2", Buffer.from("BZh9nonsense"), /block 0 .*damaged: bzip2/],
    ["a block that is too small", "", plain.subarray(0, 8), /needs bytes 0 to 16 of block 0, which has 8/],
  ])("%s", async (_name, compression, stored, pattern) => {
    const size = compression === "" ? stored.length : 16;
    const message = await messageOf(readOne(withBlock(compression, stored, size)));
    expect(message).toMatch(/^UserError: x\.asdf/);
    expect(message).toMatch(pattern);
  });

  test("cut at any byte, a file opens or is refused with its name; never a wrong value", async () => {
    const bytes = await toBytes({ a: NdArray.from(Int32Array.of(1, 2, 3, 4)), text: "x" });
    const lines = ["#ASDF_STANDARD", "%YAML"].map((line) => Buffer.from(bytes).indexOf(line));
    let complete = 0;
    for (let length = 0; length < bytes.length; length++) {
      try {
        const file = await openAsdf(bytes.subarray(0, length), { name: "cut.asdf" });
        // Cut after a line of its head, a file is one without a tree.
        if (lines.includes(length)) expect(file.tree).toEqual({});
        else {
          expect(await (file.tree.a as NdArray).read()).toEqual(Int32Array.of(1, 2, 3, 4));
          complete++;
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).toMatch(/^cut\.asdf: /);
      }
    }
    // Only the block index may be missing.
    expect(complete).toBe(bytes.length - Buffer.from(bytes).indexOf(INDEX));
  });

  test.each([
    ["empty file", "", /not an ASDF file/],
    ["FITS", "SIMPLE  =                    T", /not an ASDF file/],
    ["format 2", "#ASDF 2.0.0\n", /format 2\.0\.0 is not supported/],
    ["unclosed tree", "#ASDF 1.0.0\n%YAML 1.1\n---\na: 1\n", /truncated: .*YAML tree/],
    ["bad YAML", "#ASDF 1.0.0\n%YAML 1.1\n---\na: [1, 2\nb: }\n...\n", /YAML tree is damaged: .* line/],
    ["no mapping", "#ASDF 1.0.0\n%YAML 1.1\n---\n- 1\n...\n", /not a mapping/],
    ["an alias without anchor", "#ASDF 1.0.0\n%YAML 1.1\n---\na: *b\n...\n", /alias|anchor/],
    ["not UTF-8", Buffer.from("#ASDF 1.0.0\n%YAML 1.1\n---\na: \xff\n...\n", "latin1"), /UTF-8/],
  ])("%s", async (_name, text, pattern) => {
    const message = await messageOf(openAsdf(Buffer.from(text as string), { name: "x.asdf" }));
    expect(message).toMatch(/^UserError: x\.asdf: /);
    expect(message).toMatch(pattern);
  });

  test("missing files and folders", async () => {
    expect(await messageOf(openAsdf("/nowhere/x.asdf"))).toBe(
      "UserError: /nowhere/x.asdf: no such file or directory",
    );
    expect(await messageOf(openAsdf(FIXTURES))).toMatch(/is a directory/);
  });

  test("arrays read after close", async () => {
    const file = await openAsdf(join(FIXTURES, "asdf-standard/1.6.0/basic.asdf"), { preload: 0 });
    await file.close();
    expect(await messageOf((file.tree.data as NdArray).read())).toMatch(
      /UserError: .*basic\.asdf: the file was closed/,
    );
  });
});

test("the header's size is obeyed, and space after the data skipped", async () => {
  const bytes = Buffer.from(await toBytes(three));
  const at = blockAt(bytes, 0);
  const used = DATA.byteLength;
  const header = Buffer.concat([bytes.subarray(at, at + 54), Buffer.alloc(10, 0xaa)]);
  header.writeUInt16BE(58, 4);
  header.writeBigUInt64BE(BigInt(used + 100), 14);
  const rest = bytes.subarray(at + 54);
  const wide = Buffer.concat([
    bytes.subarray(0, at),
    header,
    rest.subarray(0, used),
    Buffer.alloc(100, 7),
    rest.subarray(used),
  ]);
  await checkThree(await openAsdf(wide));
});

test("opening a large file reads kilobytes, also where arrays are small and far apart", async () => {
  const megabytes = NdArray.from(new Float32Array(4_000_000));
  const small = NdArray.from(Float64Array.of(1, 2, 3));
  const bytes = await toBytes({ a: megabytes, small, b: NdArray.from(new Uint8Array(8_000_000)) });
  let read = 0;
  const source: ByteSource = {
    size: bytes.length,
    read: (offset, length) => {
      read += length;
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
    close: () => Promise.resolve(),
  };
  const file = await openAsdf(source);
  expect((file.tree.small as NdArray).values()).toEqual(Float64Array.of(1, 2, 3));
  expect((file.tree.a as NdArray).loaded).toBe(false);
  expect(bytes.length).toBeGreaterThan(24_000_000);
  // The first piece of 32 KiB, two block headers with what tells where blocks end, 24 bytes of data.
  expect(read).toBeLessThan(34_000);
  await (file.tree.a as NdArray).view({ shape: [4], offset: 400 }).read();
});

test("views on part of an uncompressed block read that part alone, once the checksum is known", async () => {
  const bytes = readFileSync(join(FIXTURES, "asdf-standard/1.6.0/shared.asdf"));
  let read = 0;
  const source: ByteSource = {
    size: bytes.length,
    read: (offset, length) => {
      read += length;
      return Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length)));
    },
    close: () => Promise.resolve(),
  };
  const file = await openAsdf(source, { checksums: false });
  const before = read;
  const [first] = await Promise.all([(file.tree.data as NdArray).view({ shape: [1], offset: 16 }).read()]);
  expect(first).toEqual(BigInt64Array.of(2n));
  expect(read - before).toBe(8);
});
