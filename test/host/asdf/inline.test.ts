import { describe, expect, test } from "vitest";
import { Complex, NdArray, openAsdf, toBytes } from "../../../src/host/asdf/index.js";
import type { Datatype, Nested } from "../../../src/host/asdf/index.js";
import { halfToNumber, numberToHalf } from "../../../src/host/numerics/half.js";
import { messageOf, roundTrip } from "./helpers.js";

async function array(yaml: string): Promise<NdArray> {
  const text = `#ASDF 1.0.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n---\na: !core/ndarray-1.1.0 ${yaml}\n...\n`;
  return (await openAsdf(Buffer.from(text), { name: "x.asdf" })).tree.a as NdArray;
}

describe("inline arrays", () => {
  test.each<[string, Datatype, number[], Nested]>([
    [
      "[[1, 0], [0, 1], [2, 3]]",
      "int64",
      [3, 2],
      [
        [1, 0],
        [0, 1],
        [2, 3],
      ],
    ],
    ["[1, 2.0]", "float64", [2], [1, 2]],
    ["[1.0, 2.0]", "float64", [2], [1, 2]],
    ["[true, false]", "bool8", [2], [true, false]],
    ["[1, !core/complex-1.0.0 2+3j]", "complex128", [2], [new Complex(1, 0), new Complex(2, 3)]],
    ["[a, 'bcü', '']", ["ucs4", 3], [3], ["a", "bcü", ""]],
    ["[1, null, 3]", "int64", [3], [1, null, 3]],
    ["[]", "float64", [0], []],
    ["{data: [], datatype: int8, shape: [0, 4]}", "int8", [0, 4], []],
    ["{data: [1, 2], datatype: float16}", "float16", [2], [1, 2]],
    ["{data: [18446744073709551615], datatype: uint64}", "uint64", [1], [2n ** 64n - 1n]],
    ["{data: 7, datatype: uint8, shape: []}", "uint8", [], 7],
    ["{data: [1, -999, 3], mask: -999}", "int64", [3], [1, null, 3]],
    ["{data: [1.0, .nan], mask: .nan}", "float64", [2], [1, null]],
    [
      "{data: [[1, 2], [3, 4]], mask: !core/ndarray-1.1.0 [false, true]}",
      "int64",
      [2, 2],
      [
        [1, null],
        [3, null],
      ],
    ],
  ])("%s", async (yaml, datatype, shape, list) => {
    const read = await array(yaml);
    expect([read.datatype, read.shape, read.storage, await read.toList()]).toEqual([
      datatype,
      shape,
      "inline",
      list,
    ]);
    expect(read.loaded).toBe(true);
    const again = (await roundTrip({ a: read })).tree.a as NdArray;
    expect([again.datatype, again.shape, await again.toList()]).toEqual([datatype, shape, list]);
  });

  test("structured rows, nested and with shapes; names may be missing", async () => {
    const read = await array(
      "{data: [[M1, 5, [1.0, 2.0], [6, x]], [M2, 7, [3.0, 4.0], [8, y]]], datatype: [[ascii, 2], uint16, " +
        "{name: p, datatype: float32, shape: [2]}, {name: q, datatype: [int8, [ascii, 1]]}], shape: [2]}",
    );
    const rows = [
      ["M1", 5, [1, 2], [6, "x"]],
      ["M2", 7, [3, 4], [8, "y"]],
    ];
    const again = (await roundTrip({ a: read })).tree.a as NdArray;
    for (const { shape, fields, list } of [
      { shape: read.shape, fields: await read.readFields(), list: await read.toList() },
      { shape: again.shape, fields: await again.readFields(), list: await again.toList() },
    ]) {
      expect(shape).toEqual([2]);
      expect(list).toEqual(rows);
      expect(Object.keys(fields)).toEqual(["f0", "f1", "p", "q"]);
      expect(fields.p).toEqual(Float32Array.of(1, 2, 3, 4));
      expect(fields.q).toEqual({ f0: Int8Array.of(6, 8), f1: ["x", "y"] });
    }
  });

  test.each([
    ["[[1, 2], [3]]", /x\.asdf: a: the inline data is ragged/],
    ["{data: [300], datatype: uint8}", /a: the value 300 is not uint8/],
    ["{data: [1.5], datatype: int32}", /a: the value 1\.5 is not int32/],
    ["{data: [x], datatype: float32}", /a: the value x is not float32/],
    ["{data: [ü], datatype: [ascii, 3]}", /a: the value ü is not ascii/],
    ["{data: [1, 2], shape: [3]}", /a: shape \[3\] does not match the inline data's \[2\]/],
    ["{data: [1], datatype: float128}", /a: unknown datatype "float128"/],
    ["{source: 0, shape: [-1], datatype: int8, byteorder: little}", /a: shape is \[-1\]/],
    ["{source: 0, shape: [2], strides: [1, 1], datatype: int8, byteorder: little}", /a: strides are \[1,1\]/],
    ["{source: 0, shape: [2], datatype: int8, byteorder: middle}", /byteorder is "middle"/],
    ["{shape: [2], datatype: int8}", /a: an array needs "source" or "data"/],
  ])("%s is refused", async (yaml, pattern) => {
    expect(await messageOf(array(yaml))).toMatch(pattern);
  });

  test("a block that the file lacks is told when it is read", async () => {
    const read = await array("{source: 3, shape: [2], datatype: int8, byteorder: little}");
    expect(await messageOf(read.read())).toMatch(
      /UserError: x\.asdf: block 3 is missing: the file has 0 blocks/,
    );
  });

  test("integers the tree cannot hold go to a block", async () => {
    const huge = NdArray.from(BigUint64Array.of(2n ** 64n - 1n), undefined, undefined, { storage: "inline" });
    expect(Buffer.from(await toBytes({ huge })).toString("latin1")).toMatch(/source: 0/);
  });
});

test("halves: every pattern there and back; the nearest, ties to even", () => {
  const changed = Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => {
    const value = halfToNumber(bits);
    return !Number.isNaN(value) && numberToHalf(value) !== bits;
  });
  expect(changed).toEqual([]);
  // 2049 lies between 2048 and 2050, 2051 between 2050 and 2052: both go to the even significand.
  expect([2049, 2051].map((x) => halfToNumber(numberToHalf(x)))).toEqual([2048, 2052]);
  expect(
    [65519, 65520, -1e300, 2 ** -25, 2 ** -25 * 1.001].map((x) => halfToNumber(numberToHalf(x))),
  ).toEqual([65504, Infinity, -Infinity, 0, 2 ** -24]);
  expect(Number.isNaN(halfToNumber(numberToHalf(NaN)))).toBe(true);
});
