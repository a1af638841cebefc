import { forNeighbors } from "./neighbors.js";

/** A connected component of the pixels at or above a level. */
export interface ComponentNode {
  /** The least quantized level of its pixels. */
  readonly level: number;
  /** One of its pixels. */
  readonly pixel: number;
  /** Whether it has pixels enough to be a source. */
  readonly large: boolean;
  /** The components above the next populated level that lie in it. */
  readonly children: ComponentNode[];
}

/**
 * The 8-connected components of each populated level of a quantized image, from the highest level to the lowest, each linked to
 * those of the level before that it holds. One pass of union-find in order of falling level, as in photutils 3.1.1
 * segmentation/_deblend_markers.pyx.
 * @param quantized ny rows of nx levels; 0 is no pixel of the source
 */
export function componentTree(quantized: Uint8Array, nx: number, npixels: number): ComponentNode[][] {
  const parent = new Int32Array(quantized.length).fill(-1);
  const area = new Int32Array(quantized.length);
  const find = (pixel: number): number => {
    let root = pixel;
    while (parent[root] !== root) root = parent[root];
    while (parent[pixel] !== root) [pixel, parent[pixel]] = [parent[pixel], root];
    return root;
  };
  const join = (a: number, b: number): void => {
    let [keep, drop] = [find(a), find(b)];
    if (keep === drop) return;
    if (area[keep] < area[drop]) [keep, drop] = [drop, keep];
    parent[drop] = keep;
    area[keep] += area[drop];
  };
  const nodeOfRoot = new Array<ComponentNode | undefined>(quantized.length);
  const snapshots: ComponentNode[][] = [];
  const order = byFallingLevel(quantized);
  for (let start = 0, end: number; start < order.length; start = end) {
    const level = quantized[order[start]];
    for (end = start; end < order.length && quantized[order[end]] === level; end++) {
      const pixel = order[end];
      parent[pixel] = pixel;
      area[pixel] = 1;
      forNeighbors(pixel, nx, quantized.length, (other) => {
        if (parent[other] >= 0) join(pixel, other);
      });
    }
    const nodes: ComponentNode[] = [];
    const nodeOf = (pixel: number): ComponentNode => {
      const root = find(pixel);
      const known = nodeOfRoot[root];
      if (known?.level === level) return known;
      const node = { level, pixel: root, large: area[root] >= npixels, children: [] };
      nodes.push((nodeOfRoot[root] = node));
      return node;
    };
    for (const above of snapshots.at(-1) ?? []) nodeOf(above.pixel).children.push(above);
    for (let i = start; i < end; i++) nodeOf(order[i]);
    snapshots.push(nodes);
  }
  return snapshots;
}

/** The pixels of levels above 0, highest level first, each level in raster order. */
function byFallingLevel(quantized: Uint8Array): Int32Array {
  const starts = new Int32Array(257);
  for (const level of quantized) starts[level]++;
  starts[0] = 0;
  let total = 0;
  for (let level = 255; level > 0; level--) {
    const count = starts[level];
    starts[level] = total;
    total += count;
  }
  const order = new Int32Array(total);
  for (let p = 0; p < quantized.length; p++) if (quantized[p]) order[starts[quantized[p]]++] = p;
  return order;
}
