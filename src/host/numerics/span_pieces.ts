import type { Spans } from "./polygon_fill.js";

/** Sets of pixels cut into pieces that don't overlap: set s is the pieces members[s]. */
export interface Pieces {
  readonly pieces: readonly Spans[];
  readonly members: readonly (readonly number[])[];
}

/** The pieces of sets of one image: the pixels that the same sets have. More than `most` are not made: then each set is its own piece. */
export function piecesOf(sets: readonly Spans[], most: number): Pieces {
  const found = new Map<string, Spread>();
  const rows = sets.length ? sets[0].ny : 0;
  for (let y = 0; y < rows; y++) {
    for (const [x0, x1, owners] of cut(sets, y)) {
      const key = owners.join();
      let piece = found.get(key);
      if (!piece) found.set(key, (piece = { owners, rowStart: new Uint32Array(rows + 1), runs: [] }));
      piece.runs.push(x0, x1);
      piece.rowStart[y + 1]++;
    }
    if (found.size > most) return { pieces: sets, members: sets.map((_, s) => [s]) };
  }
  const spread = [...found.values()];
  for (const { rowStart } of spread) for (let y = 0; y < rows; y++) rowStart[y + 1] += rowStart[y];
  return {
    pieces: spread.map(({ rowStart, runs }) => ({ ...sets[0], rowStart, runs: Uint32Array.from(runs) })),
    members: sets.map((_, s) => spread.flatMap(({ owners }, k) => (owners.includes(s) ? [k] : []))),
  };
}

interface Spread {
  readonly owners: readonly number[];
  /** Counts of runs until they are added up. */
  readonly rowStart: Uint32Array;
  readonly runs: number[];
}

/** Row y between all ends of runs: parts [x0, x1] with the sets that have them, where any has. Plain loops, as there are many rows. */
function cut(sets: readonly Spans[], y: number): [x0: number, x1: number, owners: number[]][] {
  const places: number[] = [];
  for (const { rowStart, runs } of sets) {
    for (let k = rowStart[y]; k < rowStart[y + 1]; k++) places.push(runs[2 * k], runs[2 * k + 1] + 1);
  }
  places.sort(ascending);
  const parts: [number, number, number[]][] = [];
  for (let i = 0; i + 1 < places.length; i++) {
    if (places[i] === places[i + 1]) continue;
    const owners: number[] = [];
    for (let s = 0; s < sets.length; s++) if (holds(sets[s], y, places[i])) owners.push(s);
    if (owners.length) parts.push([places[i], places[i + 1] - 1, owners]);
  }
  return parts;
}

const ascending = (a: number, b: number): number => a - b;

function holds({ rowStart, runs }: Spans, y: number, x: number): boolean {
  for (let k = rowStart[y]; k < rowStart[y + 1]; k++)
    if (runs[2 * k] <= x && x <= runs[2 * k + 1]) return true;
  return false;
}
