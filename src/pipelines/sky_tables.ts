import type { Moments } from "../host/numerics/imagestats.js";
import type { Spans } from "../host/numerics/polygon_fill.js";
import { PARTIAL_WORDS } from "../shaders/skymatch/kernels.js";

/** Number of pixels. */
export function pixelsOf({ runs }: Spans): number {
  let pixels = 0;
  for (let i = 0; i < runs.length; i += 2) pixels += runs[i + 1] - runs[i] + 1;
  return pixels;
}

/** Where pieces of these sizes start, one after another from `first` on, and where the last ends. */
export function startsOf(sizes: readonly number[], first = 0): number[] {
  const starts = [first];
  for (const size of sizes) starts.push(starts[starts.length - 1] + size);
  return starts;
}

/** The row tables of all sets one after another, pointing into one list of runs. */
export function layOut(sets: readonly Spans[], ny: number): { rows: Uint32Array; runs: Uint32Array } {
  const total = sets.reduce((sum, { runs }) => sum + runs.length, 0);
  const rows = new Uint32Array(Math.max(1, sets.length * (ny + 1)));
  const runs = new Uint32Array(Math.max(2, total));
  let start = 0;
  sets.forEach((set, k) => {
    rows.set(
      set.rowStart.map((row) => row + start / 2),
      k * (ny + 1),
    );
    runs.set(set.runs, start);
    start += set.runs.length;
  });
  return { rows, runs };
}

/** The blocks' partial sums, added up in f64 in the order of the rows. */
export function momentsFrom(words: Uint32Array, firstBlock: number, blocks: number): Moments {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  let [count, sum, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (let block = firstBlock; block < firstBlock + blocks; block++) {
    const at = PARTIAL_WORDS * block;
    if (words[at] === 0) continue;
    count += words[at];
    sum += floats[at + 1];
    squares += floats[at + 2];
    min = Math.min(min, floats[at + 4]);
    max = Math.max(max, floats[at + 5]);
  }
  return { count, sum, squares, min, max, first: NaN };
}
