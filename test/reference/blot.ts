export interface Image {
  readonly data: Float32Array;
  readonly nx: number;
  readonly ny: number;
}

/** drizzle 2.2.0 blot_image(interp="linear"): the image read at float32 places; NaN places count as off the image. */
export function blotTwin(median: Image, xs: Float64Array, ys: Float64Array, fill: number): Float32Array {
  return Float32Array.from(xs, (_, i) => {
    const x = Math.fround(Number.isNaN(xs[i]) ? -1 : xs[i]);
    const y = Math.fround(Number.isNaN(ys[i]) ? -1 : ys[i]);
    if (!(x >= 0 && x < median.nx && y >= 0 && y < median.ny)) return fill;
    return bilinear(median, x, y);
  });
}

function bilinear({ data, nx, ny }: Image, x: number, y: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const [sx, sy] = [x - ix, y - iy];
  const [tx, ty] = [1 - sx, 1 - sy];
  const at = (column: number, row: number): number => data[row * nx + column];
  if (ix === nx - 1 && iy === ny - 1) return at(ix, iy);
  if (ix === nx - 1) return ty * at(ix, iy) + sy * at(ix, iy + 1);
  if (iy === ny - 1) return tx * at(ix, iy) + sx * at(ix + 1, iy);
  return (
    tx * ty * at(ix, iy) + sx * ty * at(ix + 1, iy) + sy * tx * at(ix, iy + 1) + sx * sy * at(ix + 1, iy + 1)
  );
}
