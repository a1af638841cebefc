import { CONTRAST, deblendSource } from "../../host/deblend/deblend_source.js";
import { BOX_WORDS, emptyBoxes, growBox } from "./label.js";

interface Segments {
  readonly nx: number;
  /** The image the sources were found in, row-major. */
  readonly detection: Float32Array;
  /** Labels 1..nLabels, 0 elsewhere; changed in place. */
  readonly labels: Uint32Array;
  readonly nLabels: number;
  /** Bounding boxes of the labels. */
  readonly boxes: Uint32Array;
}

/** A source's bounding box. */
interface Box {
  readonly label: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly pixels: number;
}

/** A source in parts: 1..count in its box, 0 outside it. */
interface Parts {
  readonly box: Box;
  readonly count: number;
  readonly labels: Int32Array;
}

/**
 * Separate overlapping sources, as photutils 3.1.1 deblend_sources with romancal 1.0.1's arguments. Labels stay consecutive: sources
 * that stay whole first, in their order, then the parts of each that does not. The tree and the flood of each source go pixel by
 * pixel, so all of it is done on the host, on the planes that the products hold.
 * @returns the number of labels now and their bounding boxes
 */
export function deblendSegments(
  segments: Segments,
  npixels: number,
  contrast = CONTRAST,
): { nLabels: number; boxes: Uint32Array } {
  const parts: Parts[] = [];
  for (let label = 1; label <= segments.nLabels; label++) {
    const box = boxOf(segments, label);
    if (box.pixels < 2 * npixels) continue;
    const deblended = deblendSource(cutSource(segments, box), box.width, npixels, contrast);
    if (deblended) parts.push({ box, ...deblended });
  }
  if (!parts.length) return { nLabels: segments.nLabels, boxes: segments.boxes };
  return relabel(segments, parts);
}

function boxOf({ boxes }: Segments, label: number): Box {
  const [left, right, low, high] = boxes.subarray(BOX_WORDS * (label - 1), BOX_WORDS * label);
  const width = right - left + 1;
  return { label, x: left, y: low, width, pixels: width * (high - low + 1) };
}

/** The image in a source's bounding box, NaN outside the source. */
function cutSource({ nx, detection, labels }: Segments, { label, x, y, width, pixels }: Box): Float32Array {
  const values = new Float32Array(pixels).fill(NaN);
  for (let p = 0, i = y * nx + x; p < pixels; i += nx)
    for (let k = 0; k < width; k++, p++) if (labels[i + k] === label) values[p] = detection[i + k];
  return values;
}

function relabel({ nx, labels, nLabels, boxes }: Segments, parts: readonly Parts[]) {
  const split = new Set(parts.map(({ box }) => box.label));
  const table = new Uint32Array(nLabels + 1);
  let count = 0;
  for (let label = 1; label <= nLabels; label++) if (!split.has(label)) table[label] = ++count;
  const all = emptyBoxes(parts.reduce((sum, part) => sum + part.count, count));
  for (let label = 1; label <= nLabels; label++)
    if (table[label])
      all.set(boxes.subarray(BOX_WORDS * (label - 1), BOX_WORDS * label), BOX_WORDS * (table[label] - 1));
  for (let i = 0; i < labels.length; i++) if (labels[i]) labels[i] = table[labels[i]];
  for (const part of parts) {
    const { x, y, width, pixels } = part.box;
    for (let p = 0; p < pixels; p++) {
      const own = part.labels[p];
      if (own === 0) continue;
      const [column, row] = [x + (p % width), y + Math.floor(p / width)];
      labels[row * nx + column] = count + own;
      growBox(all, count + own - 1, column, column, row, row);
    }
    count += part.count;
  }
  return { nLabels: count, boxes: all };
}
