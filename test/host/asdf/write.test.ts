import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NdArray, openAsdf, toBytes, writeAsdf } from "../../../src/host/asdf/index.js";
import type { AsdfFile, Compression } from "../../../src/host/asdf/index.js";
import { FIXTURES, messageOf, roundTrip, sameBytes, temporaryFolder } from "./helpers.js";

const wave = Float32Array.from({ length: 3_000_000 }, (_, i) => Math.round(100 * Math.sin(i / 1000)));

async function labels(file: AsdfFile): Promise<string[]> {
  return (await file.blocks.all()).map((b) => b.compression);
}

describe("files", () => {
  test("appear whole or not at all", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "x.asdf");
    writeFileSync(path, "before");
    const failing = NdArray.fromProducer([10], "uint8", async function* () {
      yield new Uint8Array(5);
      expect(readdirSync(folder).length).toBe(2);
      throw new Error("no more");
    });
    expect(await messageOf(writeAsdf(path, { first: NdArray.from(wave), failing }))).toBe("Error: no more");
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(folder)).toEqual(["x.asdf"]);
    await writeAsdf(path, { a: 1 });
    const file = await openAsdf(path);
    expect(file.tree).toEqual({ a: 1 });
    await file.close();
    expect(readdirSync(folder)).toEqual(["x.asdf"]);
  });

  test("that cannot be written are told in one line", async () => {
    const folder = temporaryFolder();
    const missing = join(folder, "no", "x.asdf");
    expect(await messageOf(writeAsdf(missing, {}))).toBe(
      `UserError: ${missing}: cannot be written: no such file or directory`,
    );
    expect(await messageOf(writeAsdf(folder, {}))).toMatch(/^UserError: .*: cannot be written: /);
  });

  test("can be written over while their own arrays are still lazy", async () => {
    const path = join(temporaryFolder(), "x.asdf");
    await writeAsdf(path, { wave: NdArray.from(wave, [3, 1_000_000]), n: 1 }, { compression: "lz4" });
    const file = await openAsdf(path);
    file.tree.n = 2;
    await writeAsdf(path, file.tree);
    await file.close();
    const again = await openAsdf(path);
    expect(again.tree.n).toBe(2);
    expect(sameBytes(await (again.tree.wave as NdArray).read(), wave)).toBe(true);
    await again.close();
  });

  test("external arrays go into files beside", async () => {
    const folder = temporaryFolder();
    const a = NdArray.from(Int32Array.of(1, 2, 3), undefined, undefined, {
      storage: "external",
      compression: "zlib",
    });
    await writeAsdf(join(folder, "a b.asdf"), { a, twice: a.view({ shape: [2] }) });
    expect(readdirSync(folder).sort()).toEqual(["a b.asdf", "a b0000.asdf"]);
    const file = await openAsdf(join(folder, "a b.asdf"), { external: true });
    expect(await (file.tree.a as NdArray).read()).toEqual(Int32Array.of(1, 2, 3));
    await file.close();
    expect(await messageOf(toBytes({ a }))).toMatch(/external array can only be written with a file/);
  });
});

describe("compression", () => {
  test("by array, else by option, else as read", async () => {
    const tree = {
      own: NdArray.from(Int16Array.of(1, 2), undefined, undefined, { compression: "zlib" }),
      other: NdArray.from(Int16Array.of(3, 4)),
    };
    const file = await roundTrip(tree, { compression: "lz4" });
    expect(await labels(file)).toEqual(["zlib", "lz4"]);
    expect(await labels(await roundTrip(file.tree))).toEqual(["zlib", "lz4"]);
    expect(await labels(await roundTrip(file.tree, { compression: "none" }))).toEqual(["", ""]);
    expect(await messageOf(toBytes(tree, { compression: "bzp2" }))).toMatch(
      /UserError: ASDF data: other: bzp2 is read but not written/,
    );
  });

  test.each(["none", "zlib", "lz4", "zstd"] as Compression[])(
    "%s: large arrays, and from any other",
    async (compression) => {
      const file = await roundTrip({ wave: NdArray.from(wave, [3000, 1000]) }, { compression });
      expect(sameBytes(await (file.tree.wave as NdArray).read(), wave)).toBe(true);
      const again = await roundTrip(file.tree, { compression: compression === "lz4" ? "zlib" : "lz4" });
      expect(sameBytes(await (again.tree.wave as NdArray).read(), wave)).toBe(true);
    },
  );

  test("lz4 frames hold 4 MiB each, sizes before them big- and little-endian", async () => {
    const bytes = Buffer.from(await toBytes({ wave: NdArray.from(wave) }, { compression: "lz4" }));
    let at = bytes.indexOf(Buffer.from("d3424c4b", "hex")) + 54;
    const sizes: number[] = [];
    while (bytes.toString("latin1", at, at + 5) !== "#ASDF") {
      sizes.push(bytes.readUInt32LE(at + 4));
      at += 4 + bytes.readUInt32BE(at);
    }
    expect(sizes).toEqual([1 << 22, 1 << 22, 12_000_000 - (1 << 23)]);
  });
});

describe("blocks", () => {
  test("one for all views on the same memory, also for the same typed array given twice", async () => {
    const a = NdArray.from(wave);
    const view = a.view({ shape: [2, 2], strides: [8, -4], offset: 4 });
    const file = await roundTrip({
      a,
      view,
      twin: NdArray.from(wave, [3_000_000, 1]),
      apart: NdArray.from(wave.subarray(1, 3)),
    });
    expect((await file.blocks.all()).map((b) => b.size)).toEqual([12_000_000, 8]);
    expect(await (file.tree.view as NdArray).read()).toEqual(
      Float32Array.of(wave[1], wave[0], wave[3], wave[2]),
    );
  });

  test("from a producer: pieces of any size, any compression, made anew for each pass", async () => {
    let passes = 0;
    const made = NdArray.fromProducer([3_000_000], "float32", async function* () {
      passes++;
      const bytes = new Uint8Array(wave.buffer);
      for (let at = 0, size = 1; at < bytes.length; at += size, size = size * 3 + 1)
        yield bytes.subarray(at, at + size);
    });
    for (const compression of ["none", "lz4", "zlib", "zstd"] as const) {
      const file = await roundTrip({ made }, { compression });
      expect(sameBytes(await (file.tree.made as NdArray).read(), wave)).toBe(true);
    }
    expect(passes).toBe(4);
    expect(sameBytes(await made.read(), wave)).toBe(true);
  });

  test("a producer that gives too little is told", async () => {
    const short = NdArray.fromProducer([10], "uint16", async function* () {
      yield new Uint8Array(19);
    });
    expect(await messageOf(toBytes({ short }))).toMatch(/gave 19 bytes, expected 20/);
  });

  test("streamed: one, at the end, its length found on reading", async () => {
    const rows = NdArray.from(Float64Array.of(1, 2, 3, 4, 5, 6), [3, 2], undefined, { storage: "streamed" });
    const bytes = await toBytes({ rows, small: NdArray.from(Int8Array.of(1)) });
    expect(Buffer.from(bytes).includes("#ASDF BLOCK INDEX")).toBe(false);
    expect(Buffer.from(bytes).toString("latin1")).toMatch(/shape: \['\*', 2\]/);
    const grown = Buffer.concat([bytes, new Uint8Array(Float64Array.of(7, 8, 9).buffer)]);
    const file = await openAsdf(grown);
    expect((file.tree.rows as NdArray).shape).toEqual([4, 2]);
    expect(await (file.tree.rows as NdArray).read()).toEqual(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const again = await roundTrip(file.tree);
    expect(await (again.tree.rows as NdArray).toList()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    expect(
      await messageOf(
        toBytes({ rows, too: NdArray.from(wave, undefined, undefined, { storage: "streamed" }) }),
      ),
    ).toMatch(/rows and too are both streamed/);
  });

  test("float16 is of standard 1.6.0 alone", async () => {
    const half = NdArray.from(Uint16Array.of(0x3c00), [1], "float16");
    expect(await messageOf(toBytes({ half }, { standard: "1.5.0" }))).toMatch(
      /half: float16 needs ASDF standard 1\.6\.0/,
    );
  });

  test("blocks are passed on as they are stored, also in compressions that are not written", async () => {
    const original = readFileSync(join(FIXTURES, "asdf-standard/1.6.0/compressed.asdf"));
    const file = await openAsdf(original);
    const copy = await roundTrip(file.tree);
    const stored = async ({ blocks }: AsdfFile): Promise<string[]> =>
      (await blocks.all()).map((b) => `${b.compression} ${b.used} ${b.size}`).sort();
    expect(await stored(copy)).toEqual(await stored(file));
    expect(await stored(copy)).toContain("bzp2 226 1024");
    // The file's checksums are of the decoded bytes; ours are of the stored ones, as the standard has it.
    const [first] = await copy.blocks.all();
    expect(Buffer.from(first.checksum).toString("hex")).toBe("ac80a4bb4e426a28bc6eb3e040294d15");
  });
});

describe("arrays in memory", () => {
  test("shape, datatype and data must fit together", () => {
    expect(() => NdArray.from(wave, [2, 3])).toThrow(/shape \[2, 3\] does not fit 3000000 elements/);
    expect(() => NdArray.from(wave, [3_000_000], "int32")).toThrow(/a Float32Array cannot hold int32/);
    expect(NdArray.from(new BigUint64Array(2)).datatype).toBe("uint64");
    expect(NdArray.from(new Float32Array(4), [2], "complex64").size).toBe(2);
  });

  test("read gives back what was given; values answers at once", async () => {
    const array = NdArray.from(wave);
    expect(sameBytes(await array.read(), wave)).toBe(true);
    expect((await array.read()).buffer).toBe(wave.buffer);
    expect(array.values().buffer).toBe(wave.buffer);
    expect(NdArray.from(Uint16Array.of(0x3c00, 0xc000, 1), [3], "float16").numbers()).toEqual(
      Float64Array.of(1, -2, 2 ** -24),
    );
  });

  test("the wrong kind of reading is told", async () => {
    const text = NdArray.fromStrings(["a", "ü"]);
    expect(await text.readStrings()).toEqual(["a", "ü"]);
    expect(await messageOf(text.read())).toMatch(/UserError: .*holds strings, not numbers/);
    expect(await messageOf(NdArray.from(wave).readFields())).toMatch(/holds numbers, not structured rows/);
  });
});
