import { describe, expect, it } from "vitest";
import { allPixels, fillPolygons, type Spans } from "../../../src/host/numerics/polygon_fill.js";
import { piecesOf } from "../../../src/host/numerics/span_pieces.js";

const [NX, NY] = [23, 17];
const fill = (x: number[], y: number[]): Spans => fillPolygons([{ x, y }], NX, NY);
const SETS = [
  fill([2, 15, 9, 2], [1, 3, 15, 1]),
  fill([5, 22, 22, 5, 5], [4, 4, 12, 12, 4]),
  fill([1, 3, 3, 1], [-9, -9, -7, -9]), // nothing
  fill([0, 22, 0, 0], [16, 0, 0, 16]),
];

/** How often a list of runs has each pixel. */
function times(sets: readonly Spans[]): number[] {
  const found = new Array<number>(NX * NY).fill(0);
  for (const { rowStart, runs } of sets) {
    for (let y = 0; y < NY; y++) {
      for (let s = rowStart[y]; s < rowStart[y + 1]; s++) {
        for (let x = runs[2 * s]; x <= runs[2 * s + 1]; x++) found[y * NX + x]++;
      }
    }
  }
  return found;
}

describe("sets of pixels in pieces", () => {
  it("that don't overlap, and make up each set again", () => {
    const { pieces, members } = piecesOf(SETS);
    expect(Math.max(...times(pieces))).toBe(1);
    expect(pieces.length).toBe(7); // all that three sets can make
    SETS.forEach((set, s) => expect(times(members[s].map((k) => pieces[k]))).toEqual(times([set])));
    expect(members[2]).toEqual([]);
  });

  it("of one set, of none, and of sets alike", () => {
    const all = allPixels(NX, NY);
    expect(piecesOf([all])).toEqual({ pieces: [all], members: [[0]] });
    expect(piecesOf([])).toEqual({ pieces: [], members: [] });
    expect(piecesOf([all, all])).toEqual({ pieces: [all], members: [[0], [0]] });
  });
});
