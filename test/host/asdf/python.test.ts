import { join } from "node:path";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  Complex,
  NdArray,
  TaggedScalar,
  openAsdf,
  type AsdfFile,
  type AsdfMap,
} from "../../../src/host/asdf/index.js";
import { FIXTURES, expand, roundTrip } from "./helpers.js";

const open = (name: string): Promise<AsdfFile> =>
  openAsdf(readFileSync(join(FIXTURES, "asdf-python", name)), { name });
const ramp = Array.from({ length: 5 }, (_, y) => Array.from({ length: 12 }, (_, x) => 12 * y + x));

describe("files of the asdf library for Python", () => {
  test.each(["lz4", "zstd"] as const)("%s blocks", async (name) => {
    const file = await open(`${name}.asdf`);
    expect((await file.blocks.all()).map((b) => b.compression)).toEqual([name, name]);
    expect(await (file.tree.ramp as NdArray).toList()).toEqual(ramp);
    expect(await (file.tree.same as NdArray).read()).toEqual(new Uint16Array(1000).fill(7));
  });

  test("bzp2 blocks, and a view on one; they are passed on as they are, or written anew", async () => {
    const file = await open("bzp2.asdf");
    const view = [1, 2, 3].map((y) => [0, 2, 4, 6, 8, 10].map((x) => 12 * y + x));
    expect(await (file.tree.ramp as NdArray).toList()).toEqual(ramp);
    expect(await (file.tree.view as NdArray).toList()).toEqual(view);
    for (const [compression, label] of [
      ["input", "bzp2"],
      ["zstd", "zstd"],
    ] as const) {
      const copy = await roundTrip(file.tree, { compression });
      expect((await copy.blocks.all()).map((b) => b.compression)).toEqual([label]);
      expect(await (copy.tree.view as NdArray).toList()).toEqual(view);
    }
  });

  const layouts: Record<string, unknown> = {
    fortran: [
      [0, 1, 2],
      [3, 4, 5],
    ],
    reversed: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    tile: [
      [14, 17],
      [26, 29],
      [38, 41],
    ],
    whole: ramp,
    // 6e-8 is nearest to the smallest half, 2^-24.
    half: [0, 1, -2, 65504, 2 ** -24, Infinity, NaN],
    big_half: [1, 1.5],
    huge: [2n ** 64n - 1n, 2n ** 63n],
    scalar: 5.5,
    empty: [],
    masked: [1, null, 3],
    broadcast: [
      [0, 1, 2],
      [0, 1, 2],
    ],
    flags: [
      [true, false],
      [false, true],
    ],
    rows: [
      [
        1,
        0.5,
        "a",
        [
          [0, 1],
          [2, 3],
        ],
        [10, -1],
      ],
      [
        -2,
        NaN,
        "",
        [
          [4, 5],
          [6, 7],
        ],
        [20, -2],
      ],
      [
        3,
        -1e300,
        "ü𐀠",
        [
          [8, 9],
          [10, 11],
        ],
        [30, -3],
      ],
    ],
  };
  test("byte orders, strides, offsets, masks and rows; also after a round trip", async () => {
    const file = await open("layouts.asdf");
    const copy = await roundTrip(file.tree, { compression: "lz4" });
    for (const { tree } of [file, copy]) {
      for (const [name, list] of Object.entries(layouts)) {
        expect(await (tree[name] as NdArray).toList(), name).toEqual(list);
      }
    }
    expect((await copy.blocks.all()).length).toBe((await file.blocks.all()).length);
    expect(await expand(copy.tree)).toEqual(await expand(file.tree));
  });

  test("columns of rows are typed arrays", async () => {
    const file = await open("layouts.asdf");
    const rows = await (file.tree.rows as NdArray).readFields();
    expect(rows.id).toEqual(Int32Array.of(1, -2, 3));
    expect(rows.flux).toEqual(Float64Array.of(0.5, NaN, -1e300));
    expect(rows.name).toEqual(["a", "", "ü𐀠"]);
    expect(rows.kernel).toEqual(Float32Array.from({ length: 12 }, (_, i) => i));
    expect(rows.pos).toEqual({ ra: Float64Array.of(10, 20, 30), dec: Float32Array.of(-1, -2, -3) });
  });

  test("scalars; also after a round trip", async () => {
    const file = await open("scalars.asdf");
    for (const { tree } of [file, await roundTrip(file.tree)]) {
      expect(tree.integers).toEqual([0, -5, 2n ** 53n, 2n ** 62n, 2n ** 70n, -(2n ** 70n)]);
      expect(tree.floats).toEqual([1, -0, 1e16, 1e300, 1e-300, 0.1, Infinity, -Infinity, NaN]);
      const { complex } = tree as { complex: Complex[] };
      expect(complex.map(({ re, im }) => [re, im])).toEqual([
        [1, 2],
        [NaN, 0],
        [-0, -0.5],
        [Infinity, -Infinity],
      ]);
      expect(tree.strings).toEqual(
        [
          "y",
          "no",
          "null",
          "1e5",
          "0123",
          "089",
          "1:30",
          "12:30:45",
          "2020-01-01",
          "=",
          "<<",
          "",
          " a ",
          "a: b",
        ].concat([
          "- x",
          "#c",
          "line\nbreak",
          "tab\t",
          "\x07\x85\u2028\ufeff",
          "ü𐀠",
          "'",
          '"',
          "%x",
          "@",
          "`",
          "{a}",
          "[b",
        ]),
      );
      expect(tree.bools).toEqual([true, false, null]);
      expect(tree.keys as AsdfMap).toEqual({ "1": "int", false: "bool", two: "str" });
      expect(tree.date).toEqual(new TaggedScalar("!!timestamp", "2020-01-02"));
    }
  });
});
