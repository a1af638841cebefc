import type { Spans } from "./polygon_fill.js";

/** Sets of pixels cut into pieces that don't overlap: set s is the pieces members[s]. */
export interface Pieces {
  readonly pieces: readonly Spans[];
  readonly members: readonly (readonly number[])[];
}

/** The pieces of sets of one image: the pixels that the same sets have. */
export function piecesOf(sets: readonly Spans[]): Pieces {
  const ny = sets.length ? sets[0].ny : 0;
  const found = new Map<Owners, Spread>();
  const none = new Graph(sets.length).none;
  const ends: { places: Float64Array } = { places: new Float64Array(64) };
  for (let y = 0; y < ny; y++) {
    const count = endsOf(sets, y, ends);
    const { places } = ends;
    let [owners, from] = [none, 0];
    for (let i = 0; i < count; i++) {
      const set = places[i] % sets.length;
      const x = (places[i] - set) / sets.length;
      if (x > from && owners !== none) {
        let piece = found.get(owners);
        if (!piece) found.set(owners, (piece = { rowStart: new Uint32Array(ny + 1), runs: [] }));
        piece.runs.push(from, x - 1);
        piece.rowStart[y + 1]++;
      }
      owners = owners.toggled(set);
      from = x;
    }
  }
  const spread = [...found.values()];
  for (const { rowStart } of spread) for (let y = 0; y < ny; y++) rowStart[y + 1] += rowStart[y];
  const owners = [...found.keys()];
  return {
    pieces: spread.map(({ rowStart, runs }) => ({ ...sets[0], rowStart, runs: Uint32Array.from(runs) })),
    members: sets.map((_, s) => owners.flatMap(({ sets }, k) => (sets.includes(s) ? [k] : []))),
  };
}

interface Spread {
  /** Counts of runs until they are added up. */
  readonly rowStart: Uint32Array;
  readonly runs: number[];
}

/** Where runs of row y start and where they have ended, ascending, as place * sets + set; returns their number. */
function endsOf(sets: readonly Spans[], y: number, ends: { places: Float64Array }): number {
  const n = sets.length;
  let count = 0;
  for (let s = 0; s < n; s++) {
    const { rowStart, runs } = sets[s];
    const last = rowStart[y + 1];
    if (count + 2 * (last - rowStart[y]) > ends.places.length) {
      const larger = new Float64Array(2 * (count + 2 * (last - rowStart[y])));
      larger.set(ends.places);
      ends.places = larger;
    }
    for (let k = rowStart[y]; k < last; k++) {
      ends.places[count++] = runs[2 * k] * n + s;
      ends.places[count++] = (runs[2 * k + 1] + 1) * n + s;
    }
  }
  if (count > 2) ends.places.subarray(0, count).sort();
  return count;
}

/** A combination of sets. Those one set apart know each other, so that a row is walked without a look-up by name. */
class Owners {
  private readonly next: (Owners | undefined)[];

  constructor(
    private readonly graph: Graph,
    readonly sets: readonly number[],
    count: number,
  ) {
    this.next = new Array<Owners | undefined>(count).fill(undefined);
  }

  toggled(set: number): Owners {
    return (this.next[set] ??= this.graph.of(
      this.sets.includes(set) ? this.sets.filter((s) => s !== set) : [...this.sets, set],
    ));
  }
}

class Graph {
  private readonly known = new Map<string, Owners>();
  readonly none: Owners;

  constructor(private readonly count: number) {
    this.none = this.of([]);
  }

  of(sets: number[]): Owners {
    sets.sort((a, b) => a - b);
    const name = sets.join();
    let owners = this.known.get(name);
    if (!owners) this.known.set(name, (owners = new Owners(this, sets, this.count)));
    return owners;
  }
}
