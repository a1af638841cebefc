import { describe, expect, it } from "vitest";
import type { AsdfMap } from "../../../src/host/asdf/index.js";
import { withTag } from "../../../src/host/asdf/index.js";
import { readArrays } from "../../../src/host/wcs/numeric_node.js";
import { parseTransform } from "../../../src/host/wcs/parse_transform.js";
import { CHUNK, evaluateMany } from "../../../src/host/wcs/transforms/transform.js";
import { type Column, column, golden, tree, worst } from "./helpers.js";

interface Values {
  inputs: Column[];
  outputs: Column[];
  inverse: Column[] | null;
}

const values = golden<Record<string, Values>>("zoo");
const nodes = (await tree("zoo")).transforms as AsdfMap;
const arrays = await readArrays(nodes);

/** A few units in the last place of the largest numbers met; sine, cosine and arc tangent of numpy and V8 differ in the last bit. */
const ulps = (numbers: Float64Array): number => 16 * Number.EPSILON * Math.max(1, ...numbers.map(Math.abs));

describe("each transform against astropy.modeling and gwcs", () => {
  for (const [name, expected] of Object.entries(values)) {
    it(name, () => {
      const transform = parseTransform(nodes[name], name, arrays);
      const outputs = expected.outputs.map(column);
      const got = evaluateMany(transform, expected.inputs.map(column));
      got.forEach((out, j) => {
        expect(worst(out, outputs[j])).toBeLessThan(tolerance(name, outputs[j]));
      });

      const inverse = transform.inverse();
      expect(inverse === undefined).toBe(expected.inverse === null);
      if (!inverse || !expected.inverse) return;
      const back = evaluateMany(inverse, outputs);
      expected.inverse.map(column).forEach((want, j) => {
        expect(worst(back[j], want)).toBeLessThan(name === "fits" ? 1e-9 : ulps(want));
      });
    });
  }
});

function tolerance(name: string, output: Float64Array): number {
  // half a degree from the pole a unit in the last place of the unit vector is a hundred in the right ascension
  if (name === "fits" || name === "c2n") return 1e-11;
  return ulps(output);
}

describe("evaluation in chunks", () => {
  it("gives the same bits whatever the number of points", () => {
    const transform = parseTransform(nodes.fits, "fits", arrays);
    const n = 2 * CHUNK + 17;
    const x = Float64Array.from({ length: n }, (_, i) => i * 0.37 - 100);
    const y = Float64Array.from({ length: n }, (_, i) => 55 - i * 0.21);
    const [ra, dec] = evaluateMany(transform, [x, y]);
    for (const i of [0, CHUNK - 1, CHUNK, 2 * CHUNK, n - 1]) {
      const [one, two] = evaluateMany(transform, [x.slice(i, i + 1), y.slice(i, i + 1)]);
      expect([one[0], two[0]]).toEqual([ra[i], dec[i]]);
    }
    expect(evaluateMany(transform, [new Float64Array(0), new Float64Array(0)])[0]).toHaveLength(0);
  });

  it("NaN in gives NaN out, and only there", () => {
    const [ra] = evaluateMany(parseTransform(nodes.fits, "fits", arrays), [
      Float64Array.of(1, NaN, 3),
      Float64Array.of(1, 2, 3),
    ]);
    expect([...ra].map(Number.isNaN)).toEqual([false, true, false]);
  });
});

describe("nodes that cannot be used are told by name", () => {
  const parse = (node: AsdfMap): unknown => parseTransform(node, "FILE: wcs.transform", arrays);
  it("unknown transform", () => {
    const node = withTag("!transform/slant_orthographic-1.4.0", { direction: "pix2sky" });
    expect(() => parse(node)).toThrow(
      /FILE: wcs\.transform: transform .*slant_orthographic-1\.4\.0 is not supported/,
    );
  });
  it("missing and mistyped values", () => {
    expect(() => parse(withTag("!transform/shift-1.4.0", {}))).toThrow(
      /transform\.offset: expected a number, found nothing/,
    );
    expect(() => parse(withTag("!transform/affine-1.5.0", { matrix: [[1, 2, 3]] }))).toThrow(
      /matrix: expected numbers of shape \[2, 2\]/,
    );
  });
  it("transforms that do not fit each other", () => {
    const shift = withTag("!transform/shift-1.4.0", { offset: 1 });
    const identity = withTag("!transform/identity-1.4.0", { n_dims: 2 });
    expect(() => parse(withTag("!transform/compose-1.4.0", { forward: [shift, identity] }))).toThrow(
      /compose: shift gives 1/,
    );
  });
  it("a singular matrix has no inverse", () => {
    const node = withTag("!transform/affine-1.5.0", {
      matrix: [
        [1, 2],
        [2, 4],
      ],
      translation: [0, 0],
    });
    expect(() => parseTransform(node, "", arrays).inverse()).toThrow(/singular/);
  });
});
