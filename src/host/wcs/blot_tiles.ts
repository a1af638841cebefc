/** A smooth map from the pixels of one image to those of another, evaluated on a grid of places. */
export interface GridMap {
  /** First and last pixel each way for which it is defined, inclusive. */
  readonly inside: { readonly x0: number; readonly x1: number; readonly y0: number; readonly y1: number };
  /** Where the map is piecewise with visible kinks: the number of equal pieces each way between the first and last pixel. */
  readonly pieces?: { readonly x: number; readonly y: number };
  /** The images of all places (xs[i], ys[j]), at j * xs.length + i; 0-based pixel centres. */
  evaluate(xs: Float64Array, ys: Float64Array): { x: Float64Array; y: Float64Array };
}

/** The map as a table of bicubic polynomials, 36 words a tile, as shaders/outlier_detection/blot.wgsl reads it. */
export interface BlotTiles {
  readonly table: Float32Array;
  readonly tiles: readonly [number, number];
  /** Tiles are 32 pixels wide from pixel 0 on, cut by `inside`; else `step` wide from the first pixel inside on. */
  readonly aligned: boolean;
  readonly step: readonly [number, number];
  readonly inside: GridMap["inside"];
}

/** Where tiles lie that are not asked for: far from any image, in the numbers that f32 adds to without loss. */
const NOWHERE = -(2 ** 24);
const TILE = 32;
const WORDS = 36;
const NODES = 4;

/**
 * Bicubic polynomials through 4 x 4 Chebyshev nodes of each tile: of 32 x 32 pixels, or of the map's own pieces. Coefficients are
 * in powers of u, v (-1 to 1 over the tile); the constant term is split into an integer and a small rest, so that f32 keeps the
 * place to about 5e-6 of a pixel. With `rows` the tiles of other rows lie nowhere: those that are known to have no place that matters.
 */
export function blotTiles(map: GridMap, rows?: { readonly y0: number; readonly ny: number }): BlotTiles {
  const { x0, x1, y0, y1 } = map.inside;
  const across = rangesOf(x0, x1, map.pieces?.x);
  const up = rangesOf(y0, y1, map.pieces?.y);
  const table = new Float32Array(across.length * up.length * WORDS);
  const bases = new Int32Array(table.buffer);
  const xs = nodesOf(across);
  up.forEach((range, tileY) => {
    if (rows && (range[1] < rows.y0 - 1 || range[0] > rows.y0 + rows.ny)) {
      const first = tileY * across.length * WORDS;
      for (let at = first; at < first + across.length * WORDS; at += WORDS) bases.fill(NOWHERE, at, at + 2);
      return;
    }
    const row = map.evaluate(xs, nodesOf([range]));
    across.forEach((_, tileX) => {
      const at = (tileY * across.length + tileX) * WORDS;
      writeTile(table, bases, at, 0, row.x, tileX * NODES, xs.length);
      writeTile(table, bases, at, 1, row.y, tileX * NODES, xs.length);
    });
  });
  const size = ([first, last]: Range): number => last - first;
  return {
    table,
    tiles: [across.length, up.length],
    aligned: !map.pieces,
    step: [size(across[0]), size(up[0])],
    inside: map.inside,
  };
}

type Range = readonly [first: number, last: number];

/** What each tile spans: 32 pixels from pixel 0 on, cut by the map's limits, or an equal part of what the map spans. */
function rangesOf(first: number, last: number, pieces: number | undefined): Range[] {
  if (pieces !== undefined) {
    const step = Math.max(1, last - first) / pieces;
    return Array.from({ length: pieces }, (_, i) => [first + i * step, first + (i + 1) * step]);
  }
  return Array.from({ length: Math.floor(last / TILE) + 1 }, (_, i) => {
    const low = Math.max(first, i * TILE);
    const high = Math.min(last, i * TILE + TILE - 1);
    const middle = (low + high) / 2;
    const reach = Math.max((high - low) / 2, 0.5);
    return [middle - reach, middle + reach];
  });
}

const CHEBYSHEV = Array.from({ length: NODES }, (_, k) => Math.cos(((2 * k + 1) * Math.PI) / (2 * NODES)));
/** Coefficients of 1, u, u^2, u^3 from the values at the nodes. */
const TO_POWERS = Float64Array.from(invertVandermonde(CHEBYSHEV).flat());
const column = new Float64Array(NODES);

function nodesOf(ranges: readonly Range[]): Float64Array {
  return Float64Array.from(
    ranges.flatMap(([first, last]) => CHEBYSHEV.map((u) => first + 0.5 * (last - first) * (1 + u))),
  );
}

function writeTile(
  table: Float32Array,
  bases: Int32Array,
  at: number,
  axis: 0 | 1,
  values: Float64Array,
  first: number,
  stride: number,
): void {
  const start = at + 4 + axis * NODES * NODES;
  for (let p = 0; p < NODES; p++) {
    // on the nodes of x, in powers of v
    for (let i = 0; i < NODES; i++) {
      let sum = 0;
      for (let j = 0; j < NODES; j++) sum += TO_POWERS[p * NODES + j] * values[j * stride + first + i];
      column[i] = sum;
    }
    for (let q = 0; q < NODES; q++) {
      let sum = 0;
      for (let i = 0; i < NODES; i++) sum += TO_POWERS[q * NODES + i] * column[i];
      if (p === 0 && q === 0) {
        const base = Math.round(sum);
        bases[at + axis] = base;
        sum -= base;
      }
      table[start + p * NODES + q] = sum;
    }
  }
}

function invertVandermonde(nodes: readonly number[]): number[][] {
  const inverse = nodes.map(() => nodes.map(() => 0));
  nodes.forEach((node, k) => {
    let polynomial = [1];
    nodes.forEach((other, j) => {
      if (j === k) return;
      const next = polynomial.map((c) => (-c * other) / (node - other));
      next.push(0);
      polynomial.forEach((c, power) => (next[power + 1] += c / (node - other)));
      polynomial = next;
    });
    polynomial.forEach((c, power) => (inverse[power][k] = c));
  });
  return inverse;
}
