import type { Spans } from "../host/numerics/polygon_fill.js";
import { CHUNK_WORDS } from "../shaders/skymatch/kernels.js";

const LANES = 64;

/** Rows of a set: what one workgroup takes. `rows` is added to a row's number to find its runs. */
interface Chunk {
  readonly rows: number;
  readonly first: number;
  readonly end: number;
  readonly lanes: number;
  /** Quads of pixels in its longest run, at most: as many lanes of a row have something to do. */
  readonly width: number;
}

/**
 * How sets are cut into chunks: at every `height` rows of the image, 64 lanes on a row, or, where sets are many and a block of rows
 * has few pixels of each, `joined` until they have the pixels of a block, with lanes to suit their runs. What f32 sums err by
 * depends on the cut.
 */
export interface Blocks {
  readonly nx: number;
  readonly height: number;
  readonly joined: boolean;
}

/** Sets of pixels as the kernels read them: row tables one after another pointing into one list of runs, and sets cut into chunks of rows. */
export class SkyChunks {
  readonly rows: Uint32Array;
  readonly runs: Uint32Array;
  private readonly chunks: readonly (readonly Chunk[])[];

  constructor(sets: readonly Spans[], blocks: Blocks) {
    const tables = sets.map(reachOf);
    this.rows = new Uint32Array(tables.reduce((sum, [first, end]) => sum + end - first + 1, 0) + 1);
    this.runs = new Uint32Array(sets.reduce((sum, { runs }) => sum + runs.length, 2));
    let [row, run] = [0, 0];
    this.chunks = sets.map((set, s) => {
      const [first, end] = tables[s];
      for (let y = first; y <= end; y++) this.rows[row + y - first] = set.rowStart[y] + run / 2;
      this.runs.set(set.runs, run);
      const chunks = cut(set, first, end, blocks, row - first);
      row += end - first + 1;
      run += set.runs.length;
      return chunks;
    });
  }

  /** The chunk table of sets that are tasks 0, 1 ... of a dispatch; task k has the chunks from starts[k] to starts[k + 1]. */
  table(sets: readonly number[]): { words: Uint32Array; starts: Uint32Array } {
    const starts = new Uint32Array(sets.length + 1);
    sets.forEach((set, k) => (starts[k + 1] = starts[k] + this.chunks[set].length));
    const words = new Uint32Array(CHUNK_WORDS * starts[sets.length]);
    let at = 0;
    sets.forEach((set, task) => {
      for (const { rows, first, end, lanes, width } of this.chunks[set]) {
        words.set([task, rows, first, end, lanes, width], at);
        at += CHUNK_WORDS;
      }
    });
    return { words, starts };
  }

  /** A chunk for each of the first sets, all of its rows. */
  whole(sets: number): Uint32Array {
    const words = new Uint32Array(CHUNK_WORDS * sets);
    for (let s = 0; s < sets; s++) {
      const [first, last] = [this.chunks[s].at(0), this.chunks[s].at(-1)];
      if (first && last) words.set([s, first.rows, first.first, last.end, LANES, LANES], CHUNK_WORDS * s);
    }
    return words;
  }
}

/** The rows from the first that has runs to behind the last. */
function reachOf({ ny, rowStart }: Spans): [first: number, end: number] {
  let [first, end] = [0, ny];
  while (first < ny && rowStart[first + 1] === 0) first++;
  while (end > first && rowStart[end - 1] === rowStart[ny]) end--;
  return [first, end];
}

function cut({ rowStart, runs }: Spans, from: number, to: number, blocks: Blocks, rows: number): Chunk[] {
  const { nx, height, joined } = blocks;
  const chunks: Chunk[] = [];
  let [first, pixels, longest] = [from, 0, 0];
  for (let y = from; y < to; y++) {
    for (let k = rowStart[y]; k < rowStart[y + 1]; k++) {
      const length = runs[2 * k + 1] - runs[2 * k] + 1;
      pixels += length;
      longest = Math.max(longest, length);
    }
    const whole = joined ? pixels >= height * nx : (y + 1) % height === 0;
    if (!whole && y + 1 < to) continue;
    const lanes = joined ? lanesFor(pixels / (rowStart[y + 1] - rowStart[first])) : LANES;
    const width = Math.ceil(longest / 4) + 1; // not aligned to quads
    if (pixels > 0) chunks.push({ rows: rows >>> 0, first, end: y + 1, lanes, width });
    [first, pixels, longest] = [y + 1, 0, 0];
  }
  return chunks;
}

/** Lanes on one row, eight or more, so that most of them take two quads or more of a run of so many pixels. */
function lanesFor(pixels: number): number {
  let lanes = LANES;
  while (lanes > 8 && 8 * lanes > pixels) lanes /= 2;
  return lanes;
}
