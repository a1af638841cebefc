import { describe, expect, it } from "vitest";
import { scanLimits } from "../../../src/host/wcs/scanner.js";
import { drizzleGoldens, goldenMap } from "../../helpers/drizzle_goldens.js";
import { TwinMosaic } from "../../reference/drizzle.js";

const goldens = drizzleGoldens("drizzle.json");

describe("the scanner and the scatter twin against drizzle 2.2.0's C code", () => {
  it.each(goldens)("$name", (golden) => {
    const map = goldenMap(golden);
    const limits = scanLimits(map, golden.out, map.section);
    const twin = new TwinMosaic(golden.out);
    golden.inputs.forEach(({ data, weight, dq }, context) =>
      twin.add(map, limits, golden.pixfrac, { data: data.map((v) => v ?? NaN), weight, dq, context }),
    );
    const data = twin.filled(NaN);
    golden.weight.forEach((weight, o) => {
      // C sums in f32, one overlap at a time: some 1e-7 of the weight each
      expect(Math.abs(twin.weight[o] - weight)).toBeLessThanOrEqual(2e-6 * Math.abs(weight) + 1e-12);
      // rounding alone decides about overlaps that are zero but for it
      if (Math.abs(weight) < 1e-12) return;
      expect(twin.context[o]).toBe(golden.context[o]);
      expect(twin.dq[o]).toBe(golden.dq[o]);
      const want = golden.data[o] ?? NaN;
      if (Number.isNaN(want)) expect(data[o]).toBeNaN();
      else expect(Math.abs(data[o] - want)).toBeLessThan(1e-5);
    });
    expect(golden.weight.filter((weight) => weight > 0).length).toBeGreaterThan(20);
  });
});
