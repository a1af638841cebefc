import { join } from "node:path";
import { expect, test } from "vitest";
import {
  Complex,
  NdArray,
  describeTree,
  float,
  openAsdf,
  toBytes,
  withTag,
} from "../../../src/host/asdf/index.js";
import type { AsdfMap } from "../../../src/host/asdf/index.js";
import { FIXTURES } from "./helpers.js";

async function text(tree: AsdfMap, options = {}): Promise<string[]> {
  const file = await openAsdf(await toBytes(tree, { compression: "lz4" }), { name: "x.asdf", preload: 0 });
  return (await describeTree(file, options)).split("\n");
}

test("one line a node: tags, shapes, datatypes, blocks", async () => {
  const shared = { v: 1 };
  const zeros = NdArray.from(new Float32Array(5_000_000), [2000, 2500]);
  const lines = await text({
    lib: withTag("!core/software-1.0.0", { name: "x\u001b[31m" }),
    data: zeros,
    view: zeros.view({ shape: [10], offset: 40 }),
    names: NdArray.fromStrings(["ab", "c"], undefined, { storage: "inline" }),
    t: withTag("!time/time-1.4.0", "2027"),
    list: [1, float(2), "three"],
    far: withTag("asdf://x.org/t-1.0.0", {
      shared,
      again: shared,
      c: new Complex(1, -2),
      e: [],
      n: null,
      m: {},
    }),
  });
  // How small the zeros become is lz4's business.
  const size = /lz4, 20\.0 MB as [\d.]+ kB/;
  expect(lines[4]).toMatch(size);
  expect(lines.map((line) => line.replace(size, "SIZE"))).toEqual(
    [
      "x.asdf: ASDF standard 1.6.0",
      "root <asdf-1.1.0>",
      "├─lib <software-1.0.0>",
      '│ └─name "x\\u001b[31m"',
      "├─data <ndarray> float32 [2000 × 2500] block 0, SIZE",
      "├─view <ndarray> float32 [10] view on block 0, SIZE",
      "├─names <ndarray> ascii(2) [2] inline",
      '├─t <time/time-1.4.0> "2027"',
      '├─list [1, 2, "three"]',
      "└─far <asdf://x.org/t-1.0.0>",
      "  ├─shared",
      "  │ └─v 1",
      "  ├─again (the same object as above)",
      "  ├─c 1-2j",
      "  ├─e []",
      "  ├─n null",
      "  └─m {}",
    ]
      .toSpliced(4, 0)
      .map((line) => line),
  );
});

test("folds the deepest levels first, and cuts long lines", async () => {
  const tree = { a: { b: { c: { d: 1, e: 2 } } }, s: "x".repeat(500) };
  expect(await text(tree, { maxRows: 4, maxColumns: 30 })).toEqual([
    "x.asdf: ASDF standard 1.6.0",
    "root <asdf-1.1.0>",
    "├─a",
    "│ └─b",
    "│   └─c (2 keys)",
    `└─s "${"x".repeat(24)}…`,
    "(2 more lines are folded)",
  ]);
  expect((await text(tree, { maxDepth: 1 })).slice(2)).toEqual(["├─a (1 key)", `└─s "${"x".repeat(114)}…`]);
});

test("a damaged block is said at its array; the rest is shown", async () => {
  const bytes = await toBytes({ a: NdArray.from(new Float32Array(100)), b: 1 });
  const end = Buffer.from(bytes).indexOf("d3424c4b", 0, "hex");
  const file = await openAsdf(bytes.subarray(0, end), { name: "x.asdf" });
  expect(await describeTree(file)).toMatch(
    /a <ndarray> float32 \[100\] \(x\.asdf: block 0 is missing.*\)\n└─b 1$/,
  );
});

test("rows are shown with their fields", async () => {
  const file = await openAsdf(join(FIXTURES, "asdf-standard/1.6.0/structured.asdf"));
  expect(await describeTree(file)).toContain(
    "<ndarray> {a: uint8, b: ascii(3), c: float32} [2] block 0, 16 B",
  );
  await file.close();
});
