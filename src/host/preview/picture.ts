import { Canvas, type Color, type Point } from "./canvas.js";
import { drawMarks, skyMarks } from "./marks.js";
import { type Sampling, blockLabels, blockMeans, samplingOf, toPicture } from "./sampling.js";
import { type StretchOptions, greys } from "./stretch.js";
import type { Wcs } from "../wcs/index.js";

/** An ellipse to draw around a source: 0-based image pixels, the angle of the semimajor axis from x towards y in degrees. */
export interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly a: number;
  readonly b: number;
  readonly angle: number;
}

export interface PictureOptions extends StretchOptions {
  /** Longest side of the picture at most, pixels (default 2000). */
  readonly maxSize?: number;
  /** Longest side of the picture, pixels, whatever the image's. */
  readonly size?: number;
  /** Draws arrows to north and east, and a scale bar. */
  readonly wcs?: Wcs;
  /** Sources to outline. */
  readonly ellipses?: readonly Ellipse[];
  /** Which pixels count, by index; default: all that are finite. */
  readonly usable?: (index: number) => boolean;
}

const OUTLINE: Color = [255, 150, 30];
/** Where there is no data: a dark blue, which no grey is. */
const EMPTY: Color = [14, 16, 26];

/**
 * A PNG of an image, the sources of a segmentation map or of a list outlined; row 0 at the bottom, averaged down to at most
 * `maxSize` pixels a side (or to `size`; smaller images are then magnified). Pixels without data are dark blue.
 * @param shape [ny, nx], row-major
 * @param labels 0 where there is no source
 */
export function picturePng(
  data: Float32Array,
  shape: readonly [number, number],
  labels?: Uint32Array,
  options: PictureOptions = {},
): Uint8Array {
  const sampling = sizeOf(shape, options);
  const { width, height } = sampling;
  const canvas = new Canvas(width, height);
  const image = blockMeans(data, shape, sampling, options.usable);
  const levels = greys(image, options);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const grey = levels[at];
      canvas.set(x, height - 1 - y, Number.isFinite(image[at]) ? [grey, grey, grey] : EMPTY);
    }
  if (labels) outline(canvas, blockLabels(labels, shape, sampling));
  for (const ellipse of options.ellipses ?? []) drawEllipse(canvas, ellipse, shape, sampling);
  mark(canvas, shape, sampling, options.wcs);
  return canvas.png();
}

/**
 * A PNG of a segmentation map: each source in a colour of its own (by its label, the same in every picture), the rest black.
 * @param shape [ny, nx], row-major
 */
export function segmentationPng(
  labels: Uint32Array,
  shape: readonly [number, number],
  options: Pick<PictureOptions, "maxSize" | "size" | "wcs"> = {},
): Uint8Array {
  const sampling = sizeOf(shape, options);
  const canvas = new Canvas(sampling.width, sampling.height);
  blockLabels(labels, shape, sampling).forEach((label, i) => {
    const y = sampling.height - 1 - Math.floor(i / sampling.width);
    if (label !== 0) canvas.set(i % sampling.width, y, colorOf(label));
  });
  mark(canvas, shape, sampling, options.wcs);
  return canvas.png();
}

function sizeOf(shape: readonly [number, number], { size, maxSize = 2000 }: PictureOptions): Sampling {
  return samplingOf(shape, size ?? Math.min(maxSize, Math.max(...shape)));
}

function mark(canvas: Canvas, shape: readonly [number, number], { step }: Sampling, wcs?: Wcs): void {
  const marks = wcs && skyMarks(wcs, shape, step);
  if (marks) drawMarks(canvas, marks);
}

/** Hues a golden angle apart: neighbouring labels differ. */
function colorOf(label: number): Color {
  const hue = (label * 137.50776405) % 360;
  const level = 0.75 + 0.25 * ((label * 0.754877666) % 1);
  const channel = (shift: number): number => {
    const k = (shift + hue / 60) % 6;
    return Math.round(255 * level * (1 - 0.65 * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Just outside each source: no source itself and beside one, or where two sources touch. */
function outline(canvas: Canvas, labels: Uint32Array): void {
  const { width, height } = canvas;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (onOutline(labels, x, y, width, height)) canvas.set(x, height - 1 - y, OUTLINE);
}

function onOutline(labels: Uint32Array, x: number, y: number, nx: number, ny: number): boolean {
  const own = labels[y * nx + x];
  const near = [
    x > 0 ? labels[y * nx + x - 1] : own,
    x < nx - 1 ? labels[y * nx + x + 1] : own,
    y > 0 ? labels[(y - 1) * nx + x] : own,
    y < ny - 1 ? labels[(y + 1) * nx + x] : own,
  ];
  return own === 0 ? near.some((label) => label !== 0) : near.some((label) => label > own);
}

const VERTICES = 48;
const LEAST_RADIUS = 4;

function drawEllipse(
  canvas: Canvas,
  { x, y, a, b, angle }: Ellipse,
  shape: readonly [number, number],
  sampling: Sampling,
): void {
  // small sources get a circle that can be seen
  const [ra, rb] = [a, b].map((radius) => Math.max(radius || 0, LEAST_RADIUS * sampling.step));
  const turn = ((angle || 0) * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const points = Array.from({ length: VERTICES + 1 }, (_, i): Point => {
    const phase = (2 * Math.PI * i) / VERTICES;
    const [u, v] = [ra * Math.cos(phase), rb * Math.sin(phase)];
    return toPicture(shape, sampling, [x + u * cos - v * sin, y + u * sin + v * cos]);
  });
  if (points.every((p) => p.every(Number.isFinite))) canvas.polyline(points, 1.2, OUTLINE);
}
