import { encode } from "fast-png";

export interface PictureOptions {
  /** Longest side of the picture, pixels (default 2000). */
  readonly maxSize?: number;
  /** Grey level 0 is `black`, level 255 `white`, in the data's units; default: from the data's median and scatter. */
  readonly black?: number;
  readonly white?: number;
}

const OUTLINE = [255, 150, 30] as const;
const EMPTY = 16;
const SOFTENING = 0.08;

/**
 * A PNG of an image with asinh stretch, the sources of a segmentation map outlined; row 0 at the bottom, block-averaged down to
 * at most `maxSize` pixels a side. Pixels without data are dark.
 * @param shape [ny, nx], row-major
 * @param labels 0 where there is no source
 */
export function picturePng(
  data: Float32Array,
  shape: readonly [number, number],
  labels?: Uint32Array,
  options: PictureOptions = {},
): Uint8Array {
  const factor = Math.max(1, Math.ceil(Math.max(...shape) / (options.maxSize ?? 2000)));
  const [ny, nx] = shape.map((size) => Math.ceil(size / factor));
  const image = blockMean(data, shape, factor, ny, nx);
  const sources = labels && blockLabels(labels, shape, factor, ny, nx);
  const levels = stretch(image, options);
  const pixels = new Uint8Array(3 * nx * ny);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      const from = y * nx + x;
      const to = 3 * ((ny - 1 - y) * nx + x);
      const grey = levels[from];
      if (sources && onOutline(sources, x, y, nx, ny)) pixels.set(OUTLINE, to);
      else pixels.fill(grey, to, to + 3);
    }
  }
  return encode({ width: nx, height: ny, data: pixels, channels: 3 });
}

function blockMean(
  data: Float32Array,
  [height, width]: readonly [number, number],
  factor: number,
  ny: number,
  nx: number,
): Float32Array {
  const sum = new Float64Array(nx * ny);
  const count = new Uint32Array(nx * ny);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / factor) * nx;
    for (let x = 0; x < width; x++) {
      const value = data[y * width + x];
      if (!Number.isFinite(value)) continue;
      const block = row + Math.floor(x / factor);
      sum[block] += value;
      count[block]++;
    }
  }
  return Float32Array.from(sum, (value, i) => (count[i] ? value / count[i] : NaN));
}

/** The largest label of each block. */
function blockLabels(
  labels: Uint32Array,
  [height, width]: readonly [number, number],
  factor: number,
  ny: number,
  nx: number,
): Uint32Array {
  const out = new Uint32Array(nx * ny);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / factor) * nx;
    for (let x = 0; x < width; x++) {
      const block = row + Math.floor(x / factor);
      out[block] = Math.max(out[block], labels[y * width + x]);
    }
  }
  return out;
}

/** Just outside a source: no source itself and beside one, or where two sources touch. */
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

function stretch(image: Float32Array, { black, white }: PictureOptions): Uint8Array {
  const finite = image.filter(Number.isFinite).sort();
  const at = (share: number): number =>
    finite[Math.min(finite.length - 1, Math.floor(share * finite.length))] ?? 0;
  const median = at(0.5);
  const sigma = Math.max(median - at(0.16) || 0, 1e-30);
  const low = black ?? median - 2 * sigma;
  const high = Math.max(white ?? Math.max(at(0.997), median + 20 * sigma), low + sigma);
  const scale = Math.asinh(1 / SOFTENING);
  return Uint8Array.from(image, (value) => {
    if (!Number.isFinite(value)) return EMPTY;
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return Math.round((255 * Math.asinh(share / SOFTENING)) / scale);
  });
}
