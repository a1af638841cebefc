import { encode } from "fast-png";
import { GLYPHS, GLYPH_HEIGHT, GLYPH_WIDTH } from "./glyphs.js";

export type Color = readonly [red: number, green: number, blue: number];
/** Column and row of the picture, 0 at the left and at the top, at pixel centres. */
export type Point = readonly [x: number, y: number];

/** An RGB picture, first row at the top, with lines and text that are smooth at their edges. */
export class Canvas {
  readonly pixels: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint8Array(3 * width * height);
  }

  set(x: number, y: number, [red, green, blue]: Color): void {
    const at = 3 * (y * this.width + x);
    this.pixels[at] = red;
    this.pixels[at + 1] = green;
    this.pixels[at + 2] = blue;
  }

  /** Mixes a colour in; nothing outside the picture. */
  blend(x: number, y: number, color: Color, alpha: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height || alpha <= 0) return;
    const at = 3 * (y * this.width + x);
    for (let i = 0; i < 3; i++)
      this.pixels[at + i] = Math.round(this.pixels[at + i] * (1 - alpha) + color[i] * alpha);
  }

  /** A polyline of the given thickness, pixels; each picture pixel is covered once. */
  polyline(points: readonly Point[], thickness: number, color: Color): void {
    const half = thickness / 2;
    const cover = new Map<number, number>();
    for (let i = 0; i + 1 < points.length; i++) this.segment(points[i], points[i + 1], half, cover);
    for (const [at, alpha] of cover) this.blend(at % this.width, Math.floor(at / this.width), color, alpha);
  }

  private segment(a: Point, b: Point, half: number, cover: Map<number, number>): void {
    const reach = half + 1;
    const [left, right] = [Math.min(a[0], b[0]) - reach, Math.max(a[0], b[0]) + reach];
    const [top, bottom] = [Math.min(a[1], b[1]) - reach, Math.max(a[1], b[1]) + reach];
    for (let y = Math.max(0, Math.ceil(top)); y <= Math.min(this.height - 1, bottom); y++)
      for (let x = Math.max(0, Math.ceil(left)); x <= Math.min(this.width - 1, right); x++) {
        const alpha = Math.min(1, half + 0.5 - distance([x, y], a, b));
        const at = y * this.width + x;
        if (alpha > (cover.get(at) ?? 0)) cover.set(at, alpha);
      }
  }

  /** Text whose middle is at `at`, letters `scale` times 5 x 7 pixels. Letters without a glyph are left out. */
  text(text: string, [x, y]: Point, scale: number, color: Color): void {
    const step = (GLYPH_WIDTH + 1) * scale;
    const left = Math.round(x - textWidth(text, scale) / 2);
    const top = Math.round(y - (GLYPH_HEIGHT * scale) / 2);
    [...text].forEach((letter, i) => {
      const rows = GLYPHS[letter] ?? [];
      rows.forEach((bits, row) => {
        for (let column = 0; column < GLYPH_WIDTH; column++)
          if ((bits >> (GLYPH_WIDTH - 1 - column)) & 1)
            this.fill(left + i * step + column * scale, top + row * scale, scale, color);
      });
    });
  }

  private fill(left: number, top: number, size: number, color: Color): void {
    for (let y = top; y < top + size; y++)
      for (let x = left; x < left + size; x++) this.blend(x, y, color, 1);
  }

  png(): Uint8Array {
    return encode({ width: this.width, height: this.height, data: this.pixels, channels: 3 });
  }
}

export function textWidth(text: string, scale: number): number {
  return ([...text].length * (GLYPH_WIDTH + 1) - 1) * scale;
}

function distance(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}
