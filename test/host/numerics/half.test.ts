import { describe, expect, it } from "vitest";
import fc from "fast-check";
import {
  float32BitsToHalf,
  floatsToHalves,
  halfToNumber,
  halvesToFloats,
  numberToHalf,
  roundToHalf,
} from "../../../src/host/numerics/half.js";

const FINITE = Float64Array.from({ length: 0x7c00 }, (_, h) => halfToNumber(h));

/** By the definition: the nearest of all halves, the even one of two that are equally near. */
function nearest(value: number): number {
  if (value >= 65520) return 0x7c00;
  let best = 0;
  for (let h = 0; h < 0x7c00; h++) {
    const nearer = Math.abs(FINITE[h] - value) - Math.abs(FINITE[best] - value);
    if (nearer < 0 || (nearer === 0 && (h & 1) === 0)) best = h;
  }
  return best;
}

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0];
}

describe("half", () => {
  it("takes every half there and back", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, h) => h);
    const isNaN = (h: number): boolean => (h & 0x7fff) > 0x7c00;
    const expected = all.map((h) => (isNaN(h) ? (h & 0x8000) | 0x7e00 : h));
    expect(floatsToHalves(halvesToFloats(all))).toEqual(expected);
    const numbers = all.filter((h) => !isNaN(h));
    expect(numbers.map((h) => numberToHalf(halfToNumber(h)))).toEqual(numbers);
  });

  it("knows the landmarks", () => {
    expect(halfToNumber(0x3c00)).toBe(1);
    expect(halfToNumber(0x0001)).toBe(2 ** -24);
    expect(halfToNumber(0x7bff)).toBe(65504);
    expect(halfToNumber(0xfc00)).toBe(-Infinity);
    expect(Object.is(halfToNumber(0x8000), -0)).toBe(true);
    expect(numberToHalf(65519.999)).toBe(0x7bff);
    expect(numberToHalf(65520)).toBe(0x7c00);
    expect(numberToHalf(-1e30)).toBe(0xfc00);
    expect(numberToHalf(2 ** -25)).toBe(0);
    expect(numberToHalf(2 ** -25 * (1 + 2 ** -52))).toBe(1);
    expect(numberToHalf(0.65)).toBe(14643); // numpy: np.float16(0.65).view("u2")
  });

  it("rounds to the nearest, ties to even", () => {
    const values = fc.oneof(
      fc.double({ min: 0, max: 70000, noNaN: true }),
      fc.double({ min: 0, max: 1e-4, noNaN: true }),
    );
    fc.assert(
      fc.property(values, (x) => {
        expect(numberToHalf(x)).toBe(nearest(x));
        expect(float32BitsToHalf(bitsOf(x))).toBe(nearest(Math.fround(x)));
      }),
      { numRuns: 200 },
    );
    const middles = Float64Array.from(
      { length: 0x7bff },
      (_, h) => (halfToNumber(h) + halfToNumber(h + 1)) / 2,
    );
    const even = Uint16Array.from(middles, (_, h) => (h & 1 ? h + 1 : h));
    expect(Uint16Array.from(middles, numberToHalf)).toEqual(even);
    expect(Uint16Array.from(middles, (middle) => float32BitsToHalf(bitsOf(middle)))).toEqual(even);
  });

  it("rounds once, not by way of f32", () => {
    const justAboveATie = 1 + 2 ** -11 + 2 ** -40;
    expect(roundToHalf(justAboveATie)).toBe(1 + 2 ** -10);
    expect(roundToHalf(Math.fround(justAboveATie))).toBe(1);
  });
});
