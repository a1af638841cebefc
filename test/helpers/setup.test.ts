import { expect, it } from "vitest";

const values = Float32Array.of(1, NaN, 0);

it.each([
  ["a value", Float32Array.of(1, NaN, 2)],
  ["NaN", Float32Array.of(1, 2, 0)],
  ["the sign of zero", Float32Array.of(1, NaN, -0)],
  ["the length", Float32Array.of(1, NaN)],
  ["the type", Float64Array.of(1, NaN, 0)],
  ["no typed array", [1, NaN, 0]],
])("toEqual tells typed arrays apart: %s", (_name, other) => {
  expect(values).not.toEqual(other);
  expect({ plane: [values] }).not.toEqual({ plane: [other] });
  expect(() => expect(other).toEqual(values)).toThrow(/to deeply equal/);
});

it("toEqual finds typed arrays equal", () => {
  expect(values.slice()).toEqual(values);
  expect({ plane: [values.slice()] }).toEqual({ plane: [values] });
  expect(BigInt64Array.of(1n)).toEqual(BigInt64Array.of(1n));
  expect(Buffer.from([1, 2])).toEqual(Uint8Array.of(1, 2));
});
