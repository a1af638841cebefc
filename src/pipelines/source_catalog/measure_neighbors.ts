import Flatbush from "flatbush";

/** Where romancal puts a position that is not finite; it still counts as a neighbour there. */
const NOWHERE = -1000;

export interface NeighborMeasures {
  /** Label of the nearest other source; -1 where there is none or the position is not finite. */
  readonly label: Int32Array;
  /** Its distance in pixels; NaN likewise. */
  readonly distance: Float64Array;
}

/** Nearest other source of each, labels 1.. in the order of the positions (romancal 1.0.1 source_catalog/_neighbors.py). */
export function nearestNeighbors(x: ArrayLike<number>, y: ArrayLike<number>): NeighborMeasures {
  const n = x.length;
  const label = new Int32Array(n).fill(-1);
  const distance = new Float64Array(n).fill(NaN);
  if (n < 2) return { label, distance };
  const place = (value: number): number => (Number.isFinite(value) ? value : NOWHERE);
  const tree = new Flatbush(n);
  for (let i = 0; i < n; i++) tree.add(place(x[i]), place(y[i]));
  tree.finish();
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i])) continue;
    const [nearest] = tree.neighbors(x[i], y[i], 1, Infinity, (other) => other !== i);
    label[i] = nearest + 1;
    distance[i] = Math.hypot(place(x[nearest]) - x[i], place(y[nearest]) - y[i]);
  }
  return { label, distance };
}
