import { describe, expect, test } from "vitest";
import {
  Complex,
  NdArray,
  TaggedScalar,
  copyTree,
  float,
  openAsdf,
  tagOf,
  toBytes,
  withTag,
} from "../../../src/host/asdf/index.js";
import type { AsdfMap, AsdfValue } from "../../../src/host/asdf/index.js";
import { messageOf, roundTrip } from "./helpers.js";

async function parse(yaml: string): Promise<AsdfMap> {
  const text = `#ASDF 1.0.0\n#ASDF_STANDARD 1.6.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- !core/asdf-1.1.0\n${yaml}\n...\n`;
  return (await openAsdf(Buffer.from(text), { name: "x.asdf" })).tree;
}

async function yamlOf(tree: AsdfMap, options = {}): Promise<string> {
  return Buffer.from(await toBytes(tree, options)).toString();
}

describe("scalars", () => {
  test.each<[string, AsdfValue]>([
    ["0x1F", 31],
    ["-0b101", -5],
    ["010", 8],
    ["1_000", 1000],
    ["1:30:00", 5400],
    ["-1:30.5", -90.5],
    ["9007199254740991", 2 ** 53 - 1],
    ["9007199254740993", 2n ** 53n + 1n],
    ["yes", true],
    ["OFF", false],
    ["~", null],
    ["", null],
    ["y", "y"],
    ["1e5", "1e5"],
    ["1.0e+5", 1e5],
    ["089", "089"],
    ["-.inf", -Infinity],
    [".NaN", NaN],
    ["!!str 5", "5"],
    ["!!float 5", 5],
    ["! 5", "5"],
    ["!core/complex-1.0.0 1-2j", new Complex(1, -2)],
    ["!core/complex-1.0.0 3i", new Complex(0, 3)],
    ["!core/complex-1.0.0 -inf+nanj", new Complex(-Infinity, NaN)],
    ["!core/complex-1.0.0 1e-3", new Complex(1e-3, 0)],
    ["!core/complex-1.0.0 2.5e+10J", new Complex(0, 2.5e10)],
    [
      "!time/time-1.4.0 2027-06-01T00:05:19.149",
      new TaggedScalar("!time/time-1.4.0", "2027-06-01T00:05:19.149"),
    ],
    ["2027-06-01", new TaggedScalar("!!timestamp", "2027-06-01")],
    ["!!binary aGVsbG8=", new TaggedScalar("!!binary", "aGVsbG8=")],
    ["|-\n  two\n  lines", "two\nlines"],
  ])("%s", async (text, value) => {
    expect((await parse(`a: ${text}`)).a).toEqual(value);
  });

  test("a whole float stays a float, an integer an integer; also where the value is changed, or the tree copied", async () => {
    const tree = await parse("a: {x: 3.0, i: 3, list: [1.0, 2]}");
    const copy = copyTree(tree);
    (copy.a as AsdfMap).x = 4;
    expect(await yamlOf(tree)).toMatch(/x: 3\.0\n {2}i: 3\n {2}list: \[1\.0, 2\]/);
    expect(await yamlOf(copy)).toMatch(/x: 4\.0\n {2}i: 3\n {2}list: \[1\.0, 2\]/);
    expect(await yamlOf({ a: float(5), b: 5, c: 1e25, d: -0 })).toMatch(
      /a: 5\.0\nb: 5\nc: 1\.0e\+25\nd: -0\.0/,
    );
  });

  test("integers beyond 64 bits are !core/integer, which old standards don't have", async () => {
    const values = [2n ** 64n, -(2n ** 63n), 2n ** 63n - 1n, -(2n ** 300n) - 7n];
    const { tree } = await roundTrip({ values, deep: { x: 2n ** 70n } });
    expect(tree).toEqual({ values, deep: { x: 2n ** 70n } });
    expect(
      await messageOf(toBytes({ deep: { x: 2n ** 70n } }, { standard: "1.2.0", name: "y.asdf" })),
    ).toMatch(/^UserError: y\.asdf: deep\.x: .* needs !core\/integer/);
  });
});

describe("tags", () => {
  test("unknown ones survive on mappings, lists and scalars, in shorthand and in full", async () => {
    const tree = await parse(
      "m: !<asdf://x.org/m-1.0.0> {a: !foo/bar-1.0 b}\nl: !<tag:x.org:l> [1, !!set {p}]\ne: !e/e-1 {}",
    );
    const { tree: again } = await roundTrip(tree);
    for (const { m, l, e } of [tree, again]) {
      expect([m, l, e, (m as AsdfMap).a].map(tagOf)).toEqual([
        "asdf://x.org/m-1.0.0",
        "tag:x.org:l",
        "tag:stsci.edu:asdf/e/e-1",
        "tag:stsci.edu:asdf/foo/bar-1.0",
      ]);
      expect(tagOf((l as AsdfValue[])[1])).toBe("tag:yaml.org,2002:set");
      expect(l).toEqual([1, { p: null }]);
    }
    expect(tagOf(again)).toBe("tag:stsci.edu:asdf/core/asdf-1.1.0");
  });

  test("a tag that YAML cannot hold is refused", async () => {
    expect(await messageOf(toBytes({ a: withTag("x y\n", {}) }))).toMatch(
      /UserError: .*: a: "x y\\n" is not a YAML tag/,
    );
  });
});

describe("shared nodes", () => {
  test("are one object when read, and anchors when written", async () => {
    const tree = await parse("a: &x {v: 1}\nb: [*x, *x]\nc: &arr !core/ndarray-1.1.0 [1, 2]\nd: *arr");
    const { tree: again } = await roundTrip(tree);
    for (const { a, b, c, d } of [tree, again]) {
      const [first, second] = b as AsdfValue[];
      expect(first).toBe(a);
      expect(second).toBe(a);
      expect(c).toBeInstanceOf(NdArray);
      expect(d).toBe(c);
    }
    (again.a as AsdfMap).v = 2;
    expect((again.b as AsdfMap[])[0].v).toBe(2);
  });

  test("may contain themselves", async () => {
    const loop: AsdfMap = { name: "loop" };
    loop.self = [loop];
    const { tree } = await roundTrip({ loop });
    expect((tree.loop as { self: AsdfValue[] }).self[0]).toBe(tree.loop);
    const copy = copyTree(tree);
    expect((copy.loop as { self: AsdfValue[] }).self[0]).toBe(copy.loop);
    expect(copy.loop).not.toBe(tree.loop);
  });

  test("by the million are no danger", async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
    const tree = await parse(`a0: &a0 [x, y]\n${lines.join("\n")}`);
    expect((tree.a40 as AsdfValue[])[0]).toBe(tree.a39);
  });

  test("merges: the mapping's own keys win", async () => {
    expect((await parse("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}")).b).toEqual({ p: 1, q: 3 });
  });
});

describe("keys", () => {
  test("integers and booleans stay so; any string is one", async () => {
    const tree = await parse(
      'a: {1: x, true: y, "2": z, "null": n, ? 0x10 : h}\n__proto__: {constructor: 5}',
    );
    expect(Object.entries(tree.a as AsdfMap)).toEqual([
      ["1", "x"],
      ["2", "z"],
      ["16", "h"],
      ["true", "y"],
      ["null", "n"],
    ]);
    expect(Object.getOwnPropertyDescriptor(tree, "__proto__")?.value).toEqual({ constructor: 5 });
    const yaml = await yamlOf(tree);
    expect(yaml).toMatch(/ 1: x/);
    expect(yaml).toMatch(/ '2': z/);
    expect(yaml).toMatch(/ true: 'y'/);
    expect(yaml).toMatch(/ "null": 'n'/);
    const long = "k".repeat(3000);
    const { tree: again } = await roundTrip({ [long]: 1, "a\nb": 2, "": 3 });
    expect(again).toEqual({ [long]: 1, "a\nb": 2, "": 3 });
  });

  test.each([
    ["{? [1, 2] : x}", /x\.asdf: a: a mapping's key/],
    ['{1: x, "1": y}', /collide|in one mapping/],
  ])("%s is refused", async (text, pattern) => {
    expect(await messageOf(parse(`a: ${text}`))).toMatch(pattern);
  });

  test("a key without a value is not written", async () => {
    expect((await roundTrip({ a: 1, b: undefined as never })).tree).toEqual({ a: 1 });
  });
});

test("what a tree cannot hold is refused with its path", async () => {
  const { signal } = new AbortController();
  expect(await messageOf(toBytes({ a: { b: [signal as never] } }))).toMatch(
    /UserError: ASDF data: a\.b\.0: a AbortSignal/,
  );
  expect(await messageOf(toBytes({ a: (() => 1) as never }))).toMatch(
    /UserError: ASDF data: a: a function cannot be written/,
  );
  expect(await messageOf(toBytes({}, { standard: "2.0.0" }))).toMatch(/UserError: .*standard 2\.0\.0/);
});

test("the head is as the standard has it", async () => {
  const yaml = await yamlOf({ asdf_library: withTag("!core/software-1.0.0", { name: "x", version: "1.0" }) });
  expect(yaml).toBe(
    "#ASDF 1.0.0\n#ASDF_STANDARD 1.6.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- !core/asdf-1.1.0\n" +
      "asdf_library: !core/software-1.0.0\n  name: x\n  version: '1.0'\n...\n",
  );
});
