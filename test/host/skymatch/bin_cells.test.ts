import { describe, expect, it } from "vitest";
import { binsFrom, bucketsOf, cellsOf } from "../../../src/host/numerics/bin_cells.js";
import type { HistogramRequest } from "../../../src/host/numerics/imagestats.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { answerFor } from "../../reference/sky_pixels.js";

const f32 = Math.fround;

function request(min: number, width: number, bins: number): HistogramRequest {
  const step = f32(width);
  const end = f32(f32(min) + f32(step * bins));
  return { kind: "histogram", min: f32(min), end, scale: f32(1 / step), bins };
}

// about zero, of a few values only, far from zero with bins of a few units in the last place
const REQUESTS = [
  request(-0.1, 0.003, 80),
  request(0.011, 0.0031, 70),
  request(-0.1, 0.5, 1),
  request(0.2, 3e-8, 9),
];

/** As skymatch/cells_few.wgsl: of each request, how many of its bins' edges are not above v. */
function cellOf(v: number, ends: readonly number[]): number {
  return REQUESTS.reduce((cell, { min, scale, bins }, k) => {
    if (!(v >= min)) return cell;
    return cell + 1 + (v < ends[k] ? Math.floor(f32(scale * f32(v - min))) : bins);
  }, 0);
}

describe("histograms from cells", () => {
  const normal = gaussian(seeded(3));
  const { edges, ends, starts } = cellsOf(REQUESTS);
  // ends of bins and their neighbours too
  const limits = REQUESTS.flatMap(({ min, end, scale, bins }) => [
    end,
    ...Array.from({ length: bins + 1 }, (_, b) => f32(min + b / scale)),
  ]);
  const values = Float32Array.from([
    ...Array.from({ length: 4000 }, () => 0.1 + 0.1 * normal()),
    ...limits.flatMap((edge) => [edge, ends[0], f32(edge * (1 + 2 ** -23)), f32(edge * (1 - 2 ** -23))]),
    0,
    -0,
    1e30,
    -1e30,
  ]);

  it("count as the bins' own arithmetic does", () => {
    const cells = new Uint32Array(edges.length + 1);
    for (const v of values) cells[cellOf(v, ends)]++;
    expect(cells.reduce((sum, count) => sum + count)).toBe(values.length);
    REQUESTS.forEach((asked, k) => expect(binsFrom(cells, starts[k])).toEqual(answerFor(values, asked)));
  });

  it.each([1, 7, 8192])("are found from %i buckets", (count) => {
    const { lo, scale, words } = bucketsOf(edges, count);
    const limits = new Float32Array(words.buffer);
    for (const v of values) {
      const place = Math.min(Math.max(f32(scale * f32(v - lo)), 0), count - 1);
      let cell = words[2 * Math.trunc(place)];
      if (v >= limits[2 * Math.trunc(place) + 1])
        for (cell++; cell < edges.length && v >= edges[cell];) cell++;
      expect(cell).toBe(cellOf(v, ends));
    }
  });
});
