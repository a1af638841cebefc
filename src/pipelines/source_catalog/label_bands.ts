import { BOX_WORDS, emptyBoxes, growBox } from "./label.js";

/** The components of a band of rows, as they were numbered in it. */
export interface BandComponents {
  /** The band's first row. */
  readonly y0: number;
  /** Pixels of each component. */
  readonly areas: Uint32Array;
  /** Components, counted from 1, of the first and of the last row's pixels; 0 where there is none. */
  readonly first: Uint32Array;
  readonly last: Uint32Array;
}

/** The labels of all bands' components. */
export interface JoinedComponents {
  readonly nLabels: number;
  /** By band: label of each component in its order, 0 where it is too small. */
  readonly tables: readonly Uint32Array[];
}

/**
 * Join the components of bands that follow each other where they touch, also by corners; those of at least `npixels` pixels are
 * labelled 1.. in raster order of their first pixel, as in the image taken whole.
 */
export function joinBands(bands: readonly BandComponents[], npixels: number): JoinedComponents {
  const starts: number[] = [];
  let total = 0;
  for (const { areas } of bands) {
    starts.push(total);
    total += areas.length;
  }
  const parents = Uint32Array.from({ length: total }, (_, i) => i);
  for (let k = 1; k < bands.length; k++)
    joinRows(parents, bands[k - 1].last, bands[k].first, starts[k - 1], starts[k]);
  const areas = new Float64Array(total);
  bands.forEach((band, k) => {
    band.areas.forEach((area, i) => (areas[rootOf(parents, starts[k] + i)] += area));
  });
  let nLabels = 0;
  const labels = new Uint32Array(total);
  // the root is the least of its component: that of its first pixel
  for (let i = 0; i < total; i++) {
    const root = rootOf(parents, i);
    if (root < i) labels[i] = labels[root];
    else if (areas[i] >= npixels) labels[i] = ++nLabels;
  }
  const tables = bands.map((band, k) => labels.subarray(starts[k], starts[k] + band.areas.length));
  return { nLabels, tables };
}

function joinRows(
  parents: Uint32Array,
  above: Uint32Array,
  below: Uint32Array,
  startAbove: number,
  startBelow: number,
): void {
  for (let x = 0; x < below.length; x++) {
    if (below[x] === 0) continue;
    for (let at = Math.max(0, x - 1); at <= Math.min(above.length - 1, x + 1); at++)
      if (above[at]) join(parents, startAbove + above[at] - 1, startBelow + below[x] - 1);
  }
}

function join(parents: Uint32Array, a: number, b: number): void {
  const [first, second] = [rootOf(parents, a), rootOf(parents, b)];
  parents[Math.max(first, second)] = Math.min(first, second);
}

function rootOf(parents: Uint32Array, start: number): number {
  let i = start;
  while (parents[i] !== i) {
    parents[i] = parents[parents[i]];
    i = parents[i];
  }
  return i;
}

/** Boxes of all labels from those of the bands' components, whose rows are counted from each band's first. */
export function joinBoxes(
  bands: readonly Pick<BandComponents, "y0">[],
  boxes: readonly Uint32Array[],
  { nLabels, tables }: JoinedComponents,
): Uint32Array {
  const all = emptyBoxes(nLabels);
  bands.forEach(({ y0 }, k) => {
    tables[k].forEach((label, i) => {
      if (label === 0) return;
      const [left, right, low, high] = boxes[k].subarray(BOX_WORDS * i, BOX_WORDS * (i + 1));
      growBox(all, label - 1, left, right, y0 + low, y0 + high);
    });
  });
  return all;
}
