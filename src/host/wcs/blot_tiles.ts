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
  /** Size of a tile in pixels. */
  readonly step: readonly [number, number];
  readonly inside: GridMap["inside"];
}

const TILE = 32;
const WORDS = 36;
const NODES = 4;

/**
 * Bicubic polynomials through 4 x 4 Chebyshev nodes of each tile. Coefficients are in powers of u, v (-1 to 1 over the tile); the
 * constant term is split into an integer and a small rest, so that f32 keeps the place to about 5e-6 of a pixel.
 */
export function blotTiles(map: GridMap): BlotTiles {
  const { x0, x1, y0, y1 } = map.inside;
  const along = (first: number, last: number, pieces?: number): { count: number; step: number } => {
    const count = pieces ?? Math.max(1, Math.ceil((last - first + 1) / TILE));
    return { count, step: Math.max(1, last - first) / count };
  };
  const across = along(x0, x1, map.pieces?.x);
  const up = along(y0, y1, map.pieces?.y);
  const table = new Float32Array(across.count * up.count * WORDS);
  const xs = nodesOf(x0, across.count, across.step);
  for (let tileY = 0; tileY < up.count; tileY++) {
    const row = map.evaluate(xs, nodesOf(y0 + tileY * up.step, 1, up.step));
    for (let tileX = 0; tileX < across.count; tileX++) {
      const at = (tileY * across.count + tileX) * WORDS;
      writeTile(table, at, 0, row.x, tileX * NODES, xs.length);
      writeTile(table, at, 1, row.y, tileX * NODES, xs.length);
    }
  }
  return { table, tiles: [across.count, up.count], step: [across.step, up.step], inside: map.inside };
}

const CHEBYSHEV = Array.from({ length: NODES }, (_, k) => Math.cos(((2 * k + 1) * Math.PI) / (2 * NODES)));
/** Coefficients of 1, u, u^2, u^3 from the values at the nodes. */
const TO_POWERS = invertVandermonde(CHEBYSHEV);

function nodesOf(first: number, count: number, step: number): Float64Array {
  return Float64Array.from({ length: count * NODES }, (_, i) => {
    const tile = Math.floor(i / NODES);
    return first + step * (tile + 0.5 * (1 + CHEBYSHEV[i % NODES]));
  });
}

function writeTile(
  table: Float32Array,
  at: number,
  axis: 0 | 1,
  values: Float64Array,
  first: number,
  stride: number,
): void {
  const start = at + 4 + axis * NODES * NODES;
  for (let p = 0; p < NODES; p++) {
    for (let q = 0; q < NODES; q++) {
      let sum = 0;
      for (let j = 0; j < NODES; j++)
        for (let i = 0; i < NODES; i++)
          sum += TO_POWERS[p][j] * TO_POWERS[q][i] * values[j * stride + first + i];
      if (p === 0 && q === 0) {
        const base = Math.round(sum);
        new Int32Array(table.buffer, table.byteOffset)[at + axis] = base;
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
