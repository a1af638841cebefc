import { UserError } from "../errors.js";
import { areaSteradians } from "./sphere/index.js";
import type { Wcs } from "./wcs.js";

/** Border points lie this many pixels apart at most. */
const SPACING = 15;

interface Limits {
  xmin: number;
  xmax: number;
  ymin: number;
  ymax: number;
}

/**
 * Mean area of a pixel in steradians: the sky area of the border of the bounding box (or of the shape, [ny, nx]) over the pixels in it;
 * undefined where no border of finite positions is found. stcal 1.20 resample/utils.py compute_mean_pixel_area.
 */
export function meanPixelArea(wcs: Wcs, shape?: readonly [number, number]): number | undefined {
  const size = shape ?? wcs.arrayShape;
  if (!size)
    throw new UserError("wcs: the mean pixel area needs the image's shape, and the WCS has no pixel_shape");
  const limits = pixelLimits(wcs, size);
  for (let side = 0; limits.xmin < limits.xmax && limits.ymin < limits.ymax;) {
    const { x, y, edges } = border(limits);
    const { ra, dec } = wcs.forwardMany(x, y, { withBoundingBox: true });
    const bad = [0, 1, 2, 3].map((k) => (side + k) % 4).find((k) => !finite(ra, dec, edges[k]));
    if (bad === undefined) {
      const centre = wcs.forward((limits.xmin + limits.xmax) / 2, (limits.ymin + limits.ymax) / 2, {
        withBoundingBox: true,
      });
      const sky = areaSteradians(ra, dec, centre);
      const pixels = (limits.xmax - limits.xmin) * (limits.ymax - limits.ymin);
      return (sky > 2 * Math.PI ? 4 * Math.PI - sky : sky) / pixels;
    }
    // bottom, right, top, left in turn give way by a pixel
    if (bad === 0) limits.ymin++;
    else if (bad === 1) limits.xmax--;
    else if (bad === 2) limits.ymax--;
    else limits.xmin++;
    side = (bad + 1) % 4;
  }
  return undefined;
}

function pixelLimits(wcs: Wcs, [ny, nx]: readonly [number, number]): Limits {
  const box = wcs.boundingBox ?? [
    [-0.5, nx - 0.5],
    [-0.5, ny - 0.5],
  ];
  const [[x0, x1], [y0, y1]] = box.map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
  return {
    xmin: Math.max(0, Math.trunc(x0 + 0.5)),
    xmax: Math.min(nx - 1, Math.trunc(x1 - 0.5)),
    ymin: Math.max(0, Math.trunc(y0 + 0.5)),
    ymax: Math.min(ny - 1, Math.trunc(y1 - 0.5)),
  };
}

/** Points along the border, counter-clockwise from the lower left, and where each edge lies: bottom, right, top, left. */
function border({ xmin, xmax, ymin, ymax }: Limits): {
  x: Float64Array;
  y: Float64Array;
  edges: [number, number][];
} {
  const sx = edgePoints(xmin, xmax);
  const sy = edgePoints(ymin, ymax);
  const x = new Float64Array(2 * (sx + sy));
  const y = new Float64Array(2 * (sx + sy));
  for (let i = 0; i < sx; i++) {
    const step = (i * (xmax - xmin)) / sx;
    [x[i], y[i]] = [xmin + step, ymin];
    [x[sx + sy + i], y[sx + sy + i]] = [xmax - step, ymax];
  }
  for (let i = 0; i < sy; i++) {
    const step = (i * (ymax - ymin)) / sy;
    [x[sx + i], y[sx + i]] = [xmax, ymin + step];
    [x[2 * sx + sy + i], y[2 * sx + sy + i]] = [xmin, ymax - step];
  }
  const starts = [0, sx, sx + sy, 2 * sx + sy, 2 * (sx + sy)];
  return { x, y, edges: [0, 1, 2, 3].map((k): [number, number] => [starts[k], starts[k + 1]]) };
}

function edgePoints(low: number, high: number): number {
  const spacing = Math.min(Math.floor((high - low) / 4), SPACING);
  const pixels = high - low + 1;
  return Math.max(1, Math.ceil(pixels / (spacing > 0 ? spacing : pixels)));
}

function finite(ra: Float64Array, dec: Float64Array, [from, to]: readonly [number, number]): boolean {
  for (let i = from; i < to; i++) if (!Number.isFinite(ra[i]) || !Number.isFinite(dec[i])) return false;
  return true;
}
