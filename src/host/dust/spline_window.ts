import type { FitsImage } from "../fits/fits_image.js";
import { splineCoefficients } from "../numerics/zoom_spline.js";

/** scipy repeats the edge pixels so often before it filters (mode "nearest"). */
const PADDING = 12;
/** Pixels beyond the outermost point: the filter forgets a factor sqrt(3) - 2 a pixel, so below f64 here. */
const MARGIN = 32;

interface Axis {
  /** First pixel of the window and their number; in padded pixels, so from -12 on. */
  readonly start: number;
  readonly count: number;
  /** Pixels of the image. */
  readonly size: number;
}

/**
 * Cubic spline through the pixels about some points of an image, with edge pixels continued outwards:
 * scipy.ndimage.map_coordinates(order=3, mode="nearest"), but filtering only the part that the points need.
 */
export class SplineWindow {
  private constructor(
    private readonly x: Axis,
    private readonly y: Axis,
    private readonly coefficients: Float64Array,
  ) {}

  static async around(
    image: FitsImage,
    points: readonly (readonly [x: number, y: number])[],
  ): Promise<SplineWindow> {
    const x = axisAbout(
      points.map((point) => point[0]),
      image.nx,
    );
    const y = axisAbout(
      points.map((point) => point[1]),
      image.ny,
    );
    const [x0, x1] = insideOf(x);
    const [y0, y1] = insideOf(y);
    const width = x1 - x0 + 1;
    const pixels = await image.window(x0, y0, width, y1 - y0 + 1);
    const padded = new Float64Array(x.count * y.count);
    for (let j = 0; j < y.count; j++) {
      const row = clamp(y.start + j, y0, y1) - y0;
      for (let i = 0; i < x.count; i++)
        padded[j * x.count + i] = pixels[row * width + clamp(x.start + i, x0, x1) - x0];
    }
    return new SplineWindow(x, y, splineCoefficients(padded, x.count, y.count));
  }

  /** The spline at a point, 0-based pixel centres; beyond the padding the value at its edge. */
  at(x: number, y: number): number {
    const [columns, across] = basis(x, this.x);
    const [rows, along] = basis(y, this.y);
    let sum = 0;
    for (let j = 0; j < 4; j++)
      for (let i = 0; i < 4; i++)
        sum += along[j] * across[i] * this.coefficients[rows[j] * this.x.count + columns[i]];
    return sum;
  }
}

function axisAbout(values: readonly number[], size: number): Axis {
  const [low, high] = [-PADDING, size - 1 + PADDING];
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  const start = clamp(Math.floor(least) - MARGIN, low, high);
  return { start, count: clamp(Math.ceil(most) + MARGIN, low, high) - start + 1, size };
}

/** The window's first and last pixel within the image; the nearest one where the window lies beyond it. */
function insideOf({ start, count, size }: Axis): [number, number] {
  return [clamp(start, 0, size - 1), clamp(start + count - 1, 0, size - 1)];
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** The four coefficients a point needs, reflected at the window's ends, and their weights. */
function basis(value: number, { start, count, size }: Axis): [number[], number[]] {
  const at = clamp(value, -PADDING, size - 1 + PADDING) - start;
  const base = Math.floor(at);
  const t = at - base;
  const indices = [-1, 0, 1, 2].map((step) => {
    const i = base + step;
    return clamp(i < 0 ? -1 - i : i >= count ? 2 * count - 1 - i : i, 0, count - 1);
  });
  const s = 1 - t;
  const weights = [s ** 3 / 6, 2 / 3 - t * t * (1 - t / 2), 2 / 3 - s * s * (1 - s / 2), t ** 3 / 6];
  return [indices, weights];
}
