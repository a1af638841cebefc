import { type ComponentNode, componentTree } from "./component_tree.js";
import { forNeighbors } from "./neighbors.js";

/** The places from which a source is flooded: 1.. in raster order of their first pixel, 0 elsewhere. */
export interface Markers {
  readonly count: number;
  readonly labels: Int32Array;
}

/**
 * Multithreshold markers of one source (photutils 3.1.1 segmentation/_deblend_markers.pyx): the components of the lowest level that
 * has two of at least `npixels` pixels; and each of them, again and again, is replaced by its large components at the first level
 * above that has two of them. `undefined` where the source is one component at every level.
 */
export function makeMarkers(quantized: Uint8Array, nx: number, npixels: number): Markers | undefined {
  const snapshots = componentTree(quantized, nx, npixels);
  const base = snapshots.findLast((nodes) => nodes.filter(({ large }) => large).length >= 2);
  if (!base) return undefined;
  const final: ComponentNode[] = [];
  const open = base.filter(({ large }) => large);
  for (let node = open.pop(); node; node = open.pop()) {
    const parts = firstSplit(node);
    if (parts) open.push(...parts);
    else final.push(node);
  }
  return paint(final, quantized, nx);
}

/** The two or more large components into which a component first splits. */
function firstSplit(node: ComponentNode): ComponentNode[] | undefined {
  for (let parts = [node]; parts.length === 1;) {
    parts = parts[0].children.filter(({ large }) => large);
    if (parts.length > 1) return parts;
  }
  return undefined;
}

function paint(nodes: readonly ComponentNode[], quantized: Uint8Array, nx: number): Markers {
  const labels = new Int32Array(quantized.length);
  const first = nodes.map(({ pixel, level }, i) => {
    let least = pixel;
    const open = [pixel];
    labels[pixel] = i + 1;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      least = Math.min(least, at);
      forNeighbors(at, nx, quantized.length, (other) => {
        if (labels[other] || quantized[other] < level) return;
        labels[other] = i + 1;
        open.push(other);
      });
    }
    return least;
  });
  const number = new Int32Array(nodes.length + 1);
  [...first.keys()].sort((a, b) => first[a] - first[b]).forEach((i, rank) => (number[i + 1] = rank + 1));
  for (let p = 0; p < labels.length; p++) labels[p] = number[labels[p]];
  return { count: nodes.length, labels };
}
