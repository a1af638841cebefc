import { describe, expect, it } from "vitest";
import { sortFloats, sortWords } from "../../../src/host/numerics/sort_floats.js";
import { seeded } from "../../helpers/random.js";

describe.each([0, 1, 100, 5000, 70_001])("of %i values", (length) => {
  const random = seeded(length + 1);
  const values = Float32Array.from({ length }, () => {
    const u = random();
    if (u < 0.1) return [0, -0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45][Math.floor(u * 50)];
    return (u < 0.2 ? 1 : random() - 0.4) * 10 ** (8 * random() - 4);
  });

  it("sortFloats sorts as the engine does, the sign of 0 too", () => {
    const sorted = sortFloats(values.slice());
    expect(new Uint32Array(sorted.buffer)).toEqual(new Uint32Array(values.slice().sort().buffer));
  });

  it("sortWords sorts as the engine does", () => {
    const words = new Uint32Array(values.slice().buffer);
    expect(sortWords(words.slice())).toEqual(words.slice().sort());
  });
});
