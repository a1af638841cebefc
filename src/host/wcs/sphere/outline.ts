/** An exposure's outline in pixels, closed, anticlockwise in pixel coordinates from the lower left corner. */
export interface Outline {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * Outer corners of the pixels of an nx x ny image (0-based pixel centres: -0.5 to nx - 0.5) and, with a step size, points
 * along the sides at most that many pixels apart. Source: stcal 1.20.0 skymatch/skyimage.py _calc_bounding_polygon.
 */
export function outlineOf(nx: number, ny: number, stepsize: number | null): Outline {
  const points = (n: number): number => (stepsize === null ? 2 : Math.max(2, Math.ceil((n + 1) / stepsize)));
  const xs = linspace(-0.5, nx - 0.5, points(nx));
  const ys = linspace(-0.5, ny - 0.5, points(ny)).slice(1, -1);
  const border = [
    ...xs.map((x) => [x, -0.5]),
    ...ys.map((y) => [nx - 0.5, y]),
    ...xs.toReversed().map((x) => [x, ny - 0.5]),
    ...ys.toReversed().map((y) => [-0.5, y]),
  ];
  border.push(border[0]);
  return { x: Float64Array.from(border, ([x]) => x), y: Float64Array.from(border, ([, y]) => y) };
}

function linspace(start: number, stop: number, count: number): number[] {
  const step = (stop - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? stop : i * step + start));
}
