import fc from "fast-check";
import { expect, test } from "vitest";
import { Complex, NdArray, float, withTag } from "../../../src/host/asdf/index.js";
import type { AsdfMap, AsdfValue, Compression, TypedArray } from "../../../src/host/asdf/index.js";
import { isNumericName, itemSize, typedView } from "../../../src/host/asdf/datatype.js";
import { expand, roundTrip } from "./helpers.js";

const NUMERIC = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
  .concat(["float16", "float32", "float64", "complex64", "complex128", "bool8"])
  .filter(isNumericName);
const WRITTEN: Compression[] = ["none", "zlib", "lz4", "zstd"];

const text = fc.string({ unit: "binary", maxLength: 20 }).filter((s) => Buffer.from(s).toString() === s);
const awkward = fc.constantFrom(
  "yes",
  "~",
  "1.5",
  "1e5",
  "0o7",
  "-",
  "? a",
  ": b",
  "2020-01-01",
  "a #b",
  "<<",
  "=",
  "!x",
);
const string = fc.oneof(text, awkward, fc.string({ maxLength: 2000 }));
const tag = fc.constantFrom(
  "!core/software-1.0.0",
  "asdf://example.org/tags/thing-1.0.0",
  "tag:example.org:a/b-2.0",
);
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noDefaultInfinity: false }),
  fc.constantFrom(-0, 1e21, 2 ** 53, -(2 ** 63), Number.MIN_VALUE),
);
const big = fc.bigInt(-(2n ** 200n), 2n ** 200n).filter((n) => !Number.isSafeInteger(Number(n)));
const scalar = fc.oneof(
  string,
  number,
  big,
  fc.boolean(),
  fc.constant(null),
  fc.tuple(tag, string).map(([t, s]) => withTag(t, s)),
  fc.integer().map(float),
  fc.tuple(fc.double(), fc.double()).map(([re, im]) => new Complex(re, im)),
);

const array = fc
  .record({
    datatype: fc.constantFrom(...NUMERIC),
    shape: fc.array(fc.nat(5), { maxLength: 3 }),
    bytes: fc.infiniteStream(fc.nat(255)),
    compression: fc.constantFrom(...WRITTEN),
    storage: fc.constantFrom("internal" as const, "inline" as const),
  })
  .map(({ datatype, shape, bytes, compression, storage }) => {
    const size = shape.reduce((a, b) => a * b, itemSize(datatype));
    const next = (): number => (datatype === "bool8" ? bytes.next().value % 2 : bytes.next().value);
    const values: TypedArray = typedView(Uint8Array.from({ length: size }, next), datatype);
    return NdArray.from(values, shape, datatype, {
      compression,
      storage: shape.length === 0 ? "internal" : storage,
    });
  });

const { tree } = fc.letrec<{ tree: AsdfMap; node: AsdfValue }>((tie) => ({
  tree: fc.dictionary(string, tie("node"), { maxKeys: 6 }),
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    array,
    fc.array(tie("node"), { maxLength: 6 }),
    tie("tree"),
    fc.tuple(tag, tie("tree")).map(([t, map]) => withTag(t, { ...map })),
  ),
}));

/** A tree's values as they come back: floats are numbers, integers a double can hold are numbers. */
function settle(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [name, inner] = value as unknown[];
    return name === "tag:yaml.org,2002:float" ? inner : value.map(settle);
  }
  if (value instanceof Complex || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, settle(child)]));
}

test("random trees come back as they were written", async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (nodes) => {
      const file = await roundTrip({ nodes });
      expect(settle(await expand(file.tree.nodes))).toEqual(settle(await expand(nodes)));
      const again = await roundTrip(file.tree);
      expect(await expand(again.tree)).toEqual(await expand(file.tree));
    }),
    // No shrinking: on a busy machine that takes minutes.
    { numRuns: 100, endOnFailure: true },
  );
}, 60_000);

test("views of one buffer, any strides, come back from one block", async () => {
  const views = fc.record({
    datatype: fc.constantFrom(...NUMERIC),
    shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    steps: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 }),
    compression: fc.constantFrom(...WRITTEN),
  });
  await fc.assert(
    fc.asyncProperty(views, async ({ datatype, shape, steps, compression }) => {
      const item = itemSize(datatype);
      const length = 40;
      const bytes = Uint8Array.from({ length: length * item }, (_, i) =>
        datatype === "bool8" ? i % 2 : i % 113,
      );
      const whole = NdArray.from(typedView(bytes, datatype), [length], datatype, { compression });
      const used = steps.slice(0, shape.length);
      const low = used.reduce((sum, step, i) => sum + Math.min(0, step * (shape[i] - 1)), 0);
      const view = whole.view({ shape, strides: used.map((step) => step * item), offset: -low * item });

      const all = (await whole.toList()) as unknown[];
      const pick = (depth: number, at: number): unknown =>
        depth === shape.length
          ? all[at]
          : Array.from({ length: shape[depth] }, (_, i) => pick(depth + 1, at + i * used[depth]));
      const expected = pick(0, -low);
      expect(await view.toList()).toEqual(expected);

      const file = await roundTrip({ view, whole });
      expect((await file.blocks.all()).length).toBe(1);
      expect(await (file.tree.view as NdArray).toList()).toEqual(expected);
      expect(await (file.tree.whole as NdArray).read()).toEqual(await whole.read());
    }),
  );
}, 60_000);
