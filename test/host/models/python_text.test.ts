import { describe, expect, it } from "vitest";
import { float } from "../../../src/host/asdf/index.js";
import { numpyText } from "../../../src/host/models/numpy_text.js";
import { floatRepr, pythonRepr, stringRepr } from "../../../src/host/models/python_repr.js";

describe("floats as Python prints them", () => {
  // repr() of Python 3.13
  it.each([
    [0.1, "0.1"],
    [1, "1.0"],
    [1e16, "1e+16"],
    [1e15, "1000000000000000.0"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e-4, "0.0001"],
    [1.5e-5, "1.5e-05"],
    [-0, "-0.0"],
    [NaN, "nan"],
    [-Infinity, "-inf"],
    [2.7796167823701095e-13, "2.7796167823701095e-13"],
    [100000, "100000.0"],
    [1e22, "1e+22"],
    [0.0001234, "0.0001234"],
    [-12345.678, "-12345.678"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
  ])("%d", (value, text) => {
    expect(floatRepr(value)).toBe(text);
  });
});

describe("strings, lists and mappings as Python prints them", () => {
  it.each([
    ["a", "'a'"],
    ["it's", `"it's"`],
    ['say "x"', `'say "x"'`],
    [`both ' "`, `'both \\' "'`],
    ["a\nb", "'a\\nb'"],
    ["back\\slash", "'back\\\\slash'"],
    ["é", "'é'"],
    ["\u0001", "'\\x01'"],
  ])("%j", (value, text) => {
    expect(stringRepr(value)).toBe(text);
  });

  it("nests", () => {
    expect(pythonRepr([1, float(2), "q'", null, true])).toBe(`[1, 2.0, "q'", None, True]`);
    expect(pythonRepr({ a: [], b: { c: 1e-7 } })).toBe("{'a': [], 'b': {'c': 1e-07}}");
  });
});

describe("short arrays as numpy prints them", () => {
  // str() of numpy 2.5.5
  it.each([
    [Float64Array.of(1.8181818181, 3.63636364, 29.0909090909), "[ 1.81818182  3.63636364 29.09090909]"],
    [Float64Array.of(0.1, 0.2, 0.4, 0.8, 1.6), "[0.1 0.2 0.4 0.8 1.6]"],
    [Float32Array.of(-0.007775, 0.05494997, 0.18382068), "[-0.007775    0.05494997  0.18382068]"],
    [Float64Array.of(1, 2), "[1. 2.]"],
    [new Float64Array(0), "[]"],
  ])("%o", (values, text) => {
    expect(numpyText(values)).toBe(text);
  });
});
