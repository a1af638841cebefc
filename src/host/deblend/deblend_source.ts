import { type Spacing, deblendLevels, quantize } from "./levels.js";
import { type Markers, makeMarkers } from "./markers.js";
import { Watershed } from "./watershed.js";

/** What romancal 1.0.1 (_detection.py) and photutils 3.1.1 (SourceFinder) set. */
export const CONTRAST = 1e-4;
const LEVELS = 32;
/** More markers than this are sought again at evenly spaced levels. */
const MOST_MARKERS = 200;

/** The parts of a source. */
export interface DeblendedSource {
  /** At least 2. */
  readonly count: number;
  /** 1..count, 0 outside the source. */
  readonly labels: Int32Array;
}

interface Summary {
  readonly least: number;
  readonly greatest: number;
  readonly sum: number;
  readonly pixels: number;
}

/**
 * Separate the overlapping sources of one segment: multithreshold markers, a watershed from them, and removal, faintest first, of those whose
 * basin holds less than `contrast` of the flux. Follows photutils 3.1.1 segmentation/deblend.py deblend_sources (8-connected,
 * 32 exponential levels, contrast_method "basin").
 * @param values ny rows of nx pixels of the detection image about the source; NaN where they are not of it
 * @param npixels fewest connected pixels of a part at the level where it separates
 * @returns undefined where the source is one
 */
export function deblendSource(
  values: Float32Array,
  nx: number,
  npixels: number,
  contrast = CONTRAST,
): DeblendedSource | undefined {
  const summary = summarize(values);
  if (summary.pixels < 2 * npixels || !(summary.least < summary.greatest)) return undefined;
  const markers = sourceMarkers(values, nx, npixels, summary);
  if (!markers || markers.count < 2) return undefined;
  const labels = applyContrast(values, nx, markers, summary, contrast);
  return consecutive(labels, markers.count);
}

/** Values in raster order, in f64. */
function summarize(values: Float32Array): Summary {
  let [least, greatest, sum, pixels] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
    sum += value;
    pixels++;
  }
  return { least, greatest, sum, pixels };
}

function sourceMarkers(
  values: Float32Array,
  nx: number,
  npixels: number,
  { least, greatest }: Summary,
): Markers | undefined {
  const at = (spacing: Spacing): Markers | undefined =>
    makeMarkers(quantize(values, deblendLevels(least, greatest, LEVELS, spacing)), nx, npixels);
  const markers = at(least > 0 ? "exponential" : "sinh");
  return markers && markers.count > MOST_MARKERS ? at("linear") : markers;
}

/** The basins of the markers that are left when none is too faint. */
function applyContrast(
  values: Float32Array,
  nx: number,
  markers: Markers,
  summary: Summary,
  contrast: number,
): Int32Array {
  const watershed = new Watershed(values, nx, summary.pixels);
  const labels = markers.labels;
  for (let free: number[] | undefined; ;) {
    watershed.flood(labels, free);
    const fractions = fluxFractions(values, labels, markers.count, summary.sum);
    const present = [...fractions.keys()].filter((label) => label > 0 && !Number.isNaN(fractions[label]));
    if (present.length === 1 || present.every((label) => !(fractions[label] < contrast))) return labels;
    const faint = faintest(present, fractions, contrast, summary.least >= 0);
    free = [];
    for (let p = 0; p < labels.length; p++)
      if (faint[labels[p]]) {
        labels[p] = 0;
        free.push(p);
      }
  }
}

/** Each label's share of the flux, summed in raster order; NaN for labels that are gone. */
function fluxFractions(values: Float32Array, labels: Int32Array, count: number, total: number): Float64Array {
  const flux = new Float64Array(count + 1);
  const seen = new Uint8Array(count + 1);
  for (let p = 0; p < labels.length; p++) {
    if (!labels[p]) continue;
    flux[labels[p]] += values[p];
    seen[labels[p]] = 1;
  }
  return flux.map((value, label) => (seen[label] ? value / total : NaN));
}

/**
 * Marks the faintest label; or as many of the faintest as, together, stay below the contrast and below the next one, which gives the
 * same basins as one at a time (true only where no value is negative).
 */
function faintest(
  present: readonly number[],
  fractions: Float64Array,
  contrast: number,
  batches: boolean,
): Uint8Array {
  const sorted = [...present].sort((a, b) => fractions[a] - fractions[b] || a - b);
  let remove = 1;
  if (batches) {
    let total = fractions[sorted[0]];
    for (let k = 1; k < sorted.length - 1; k++) {
      total += fractions[sorted[k]];
      if (total < contrast && total < fractions[sorted[k + 1]]) remove = k + 1;
    }
  }
  const faint = new Uint8Array(fractions.length);
  for (const label of sorted.slice(0, remove)) faint[label] = 1;
  return faint;
}

function consecutive(labels: Int32Array, most: number): DeblendedSource | undefined {
  const number = new Int32Array(most + 1);
  for (const label of labels) number[label] = 1;
  number[0] = 0;
  let count = 0;
  for (let label = 1; label <= most; label++) if (number[label]) number[label] = ++count;
  if (count < 2) return undefined;
  for (let p = 0; p < labels.length; p++) labels[p] = number[labels[p]];
  return { count, labels };
}
