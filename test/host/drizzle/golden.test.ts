import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ArrayMap } from "../../../src/host/wcs/pixmap.js";
import { scanLimits } from "../../../src/host/wcs/scanner.js";
import { TwinMosaic } from "../../reference/drizzle.js";

type Numbers = (number | null)[];
interface Golden {
  name: string;
  nx: number;
  ny: number;
  out: [number, number];
  map: number[][];
  pixfrac: number;
  section: number[] | null;
  inputs: { data: Numbers; weight: number[]; dq: number[] }[];
  data: Numbers;
  weight: number[];
  context: number[];
  dq: number[];
}
const goldens = JSON.parse(
  readFileSync(new URL("../../../fixtures/drizzle/drizzle.json", import.meta.url), "utf8"),
) as Golden[];

function mapOf({ nx, ny, map, section }: Golden): ArrayMap {
  const plane = (k: number[]): Float64Array =>
    Float64Array.from({ length: nx * ny }, (_, p) => {
      const [x, y] = [p % nx, Math.floor(p / nx)];
      return k[0] + k[1] * x + k[2] * y + k[3] * x * x + k[4] * x * y + k[5] * y * y;
    });
  const [x0, x1, y0, y1] = section ?? [0, nx - 1, 0, ny - 1];
  return new ArrayMap(nx, ny, plane(map[0]), plane(map[1]), { x0, x1, y0, y1 });
}

describe("the scanner and the scatter twin against drizzle 2.2.0's C code", () => {
  it.each(goldens)("$name", (golden) => {
    const map = mapOf(golden);
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
