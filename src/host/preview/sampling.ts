/** How an image is brought to a picture's size: each picture pixel stands for a block of image pixels (at least one). */
export interface Sampling {
  /** Picture pixels. */
  readonly width: number;
  readonly height: number;
  /** Image pixels a picture pixel. */
  readonly step: number;
}

/** @param size the picture's longest side, pixels */
export function samplingOf([ny, nx]: readonly [number, number], size: number): Sampling {
  const step = Math.max(ny, nx) / size;
  const side = (n: number): number => Math.max(1, Math.round(n / step));
  return { width: side(nx), height: side(ny), step };
}

/** First image pixel of each block along an axis, and the end of the last. */
function edges(count: number, image: number): Uint32Array {
  return Uint32Array.from({ length: count + 1 }, (_, i) => Math.min(image, Math.floor((i * image) / count)));
}

/** Calls back with the image rows and columns of each picture pixel; picture rows from the bottom. */
function forBlocks(
  [ny, nx]: readonly [number, number],
  { width, height }: Sampling,
  visit: (at: number, x0: number, x1: number, y0: number, y1: number) => void,
): void {
  const [xs, ys] = [edges(width, nx), edges(height, ny)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      visit(y * width + x, xs[x], Math.max(xs[x] + 1, xs[x + 1]), ys[y], Math.max(ys[y] + 1, ys[y + 1]));
}

/** Means of the finite values of each block, NaN where there is none; `usable` says which pixels count. */
export function blockMeans(
  data: Float32Array,
  shape: readonly [number, number],
  sampling: Sampling,
  usable?: (index: number) => boolean,
): Float32Array {
  const out = new Float32Array(sampling.width * sampling.height);
  forBlocks(shape, sampling, (at, x0, x1, y0, y1) => {
    let [sum, count] = [0, 0];
    for (let y = y0; y < y1; y++)
      for (let i = y * shape[1] + x0, end = y * shape[1] + x1; i < end; i++)
        if (Number.isFinite(data[i]) && (!usable || usable(i))) {
          sum += data[i];
          count++;
        }
    out[at] = count ? sum / count : NaN;
  });
  return out;
}

/** The largest label of each block. */
export function blockLabels(
  labels: Uint32Array,
  shape: readonly [number, number],
  sampling: Sampling,
): Uint32Array {
  const out = new Uint32Array(sampling.width * sampling.height);
  forBlocks(shape, sampling, (at, x0, x1, y0, y1) => {
    for (let y = y0; y < y1; y++)
      for (let i = y * shape[1] + x0, end = y * shape[1] + x1; i < end; i++)
        if (labels[i] > out[at]) out[at] = labels[i];
  });
  return out;
}

/** Image pixel (0-based centres, y up) to picture pixel (row 0 at the top). */
export function toPicture(
  [ny, nx]: readonly [number, number],
  { width, height }: Sampling,
  [x, y]: readonly [number, number],
): [number, number] {
  return [((x + 0.5) * width) / nx - 0.5, height - 0.5 - ((y + 0.5) * height) / ny];
}
