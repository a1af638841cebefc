import type { Wcs } from "../wcs/index.js";
import { computeScale } from "../wcs/index.js";
import { add, fromLonLat, normalize, scale as scaled, toLonLat, type Vec3 } from "../wcs/sphere/index.js";
import { type Canvas, type Color, type Point, textWidth } from "./canvas.js";

const INK: Color = [255, 255, 255];
const SHADOW: Color = [0, 0, 0];
const DEGREE = Math.PI / 180;

/** Lengths a scale bar may have, degrees, with what it is labelled. */
const LENGTHS: readonly (readonly [degrees: number, label: string])[] = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30].map((n) => [n / 3600, `${n}"`] as const),
  ...[1, 2, 5, 10, 20, 30].map((n) => [n / 60, `${n}'`] as const),
  ...[1, 2, 5].map((n) => [n, `${n}°`] as const),
];

export interface SkyMarks {
  /** Directions in the picture (y down), unit length. */
  readonly north: Point;
  readonly east: Point;
  /** Degrees a picture pixel. */
  readonly scale: number;
}

/**
 * Where north and east are in a picture of the image, and its scale, at the middle of the image; undefined where the WCS gives none.
 * @param shape [ny, nx] of the image
 * @param step image pixels a picture pixel
 */
export function skyMarks(wcs: Wcs, shape: readonly [number, number], step: number): SkyMarks | undefined {
  const middle: Point = [(shape[1] - 1) / 2, (shape[0] - 1) / 2];
  const [ra, dec] = wcs.forward(...middle);
  if (!Number.isFinite(ra + dec)) return undefined;
  const scale = computeScale(wcs, ra, dec);
  const here = fromLonLat(ra, dec);
  const [sinRa, cosRa] = [Math.sin(ra * DEGREE), Math.cos(ra * DEGREE)];
  const east: Vec3 = [-sinRa, cosRa, 0];
  const north: Vec3 = [
    -Math.sin(dec * DEGREE) * cosRa,
    -Math.sin(dec * DEGREE) * sinRa,
    Math.cos(dec * DEGREE),
  ];
  const direction = (axis: Vec3): Point => {
    const away = toLonLat(normalize(add(here, scaled(axis, 20 * scale * DEGREE))));
    const [x, y] = wcs.inverse(...away);
    const [dx, dy] = [x - middle[0], middle[1] - y];
    const length = Math.hypot(dx, dy);
    return [dx / length, dy / length];
  };
  const marks = { north: direction(north), east: direction(east), scale: scale * step };
  return [...marks.north, ...marks.east, marks.scale].every(Number.isFinite) ? marks : undefined;
}

/** Draws arrows to north and east at the lower left and a scale bar at the lower right. Nothing where the picture is too small. */
export function drawMarks(canvas: Canvas, marks: SkyMarks): void {
  const small = Math.min(canvas.width, canvas.height);
  if (small < 120) return;
  const letters = Math.max(1, Math.round(small / 300));
  const thickness = Math.max(1.2, small / 500);
  const margin = Math.round(small * 0.035) + 4 * letters;
  drawCompass(canvas, marks, { letters, thickness, margin, length: small * 0.085 });
  drawBar(canvas, marks.scale, { letters, thickness, margin, length: canvas.width * 0.22 });
}

interface Pen {
  readonly letters: number;
  readonly thickness: number;
  readonly margin: number;
  /** Of an arrow; of a bar at most. */
  readonly length: number;
}

/** Both arrows and their letters, placed so that they fit into the corner whatever way they point. */
function drawCompass(canvas: Canvas, { north, east }: SkyMarks, pen: Pen): void {
  const { letters, margin, length } = pen;
  const beyond = length + 7 * letters;
  const tips = [north, east].map(([x, y]): Point => [x * beyond, y * beyond]);
  const pad = 4 * letters;
  const left = Math.min(0, ...tips.map(([x]) => x)) - pad;
  const below = Math.max(0, ...tips.map(([, y]) => y)) + pad;
  const [x0, y0] = [margin - left, canvas.height - margin - below];
  for (const [direction, letter] of [
    [north, "N"],
    [east, "E"],
  ] as const) {
    const at = (along: number, across = 0): Point => [
      x0 + direction[0] * along - direction[1] * across,
      y0 + direction[1] * along + direction[0] * across,
    ];
    const head = length * 0.22;
    ink(canvas, pen, [at(0), at(length)]);
    ink(canvas, pen, [at(length - head, head * 0.6), at(length), at(length - head, -head * 0.6)]);
    label(canvas, letter, at(beyond), letters);
  }
}

function drawBar(canvas: Canvas, scale: number, pen: Pen): void {
  const fits = LENGTHS.filter(([degrees]) => degrees / scale <= pen.length);
  const [degrees, text] = fits[fits.length - 1] ?? LENGTHS[0];
  const width = degrees / scale;
  const right = canvas.width - pen.margin;
  const y = canvas.height - pen.margin;
  if (width < 4 || width > canvas.width / 2) return;
  const tick = 3 * pen.thickness;
  ink(canvas, pen, [
    [right - width, y - tick],
    [right - width, y],
    [right, y],
    [right, y - tick],
  ]);
  const middle = Math.min(right - width / 2, right - textWidth(text, pen.letters) / 2);
  label(canvas, text, [middle, y - tick - 7 * pen.letters], pen.letters);
}

/** A line that shows on black and on white. */
function ink(canvas: Canvas, { thickness }: Pen, points: readonly Point[]): void {
  canvas.polyline(points, thickness * 2.4, SHADOW);
  canvas.polyline(points, thickness, INK);
}

function label(canvas: Canvas, text: string, [x, y]: Point, letters: number): void {
  for (const [dx, dy] of [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
    [-1, -1],
    [1, 1],
    [-1, 1],
    [1, -1],
  ])
    canvas.text(text, [x + dx * Math.ceil(letters / 2), y + dy * Math.ceil(letters / 2)], letters, SHADOW);
  canvas.text(text, [x, y], letters, INK);
}
