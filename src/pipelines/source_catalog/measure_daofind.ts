import type { Gpu } from "../../gpu/index.js";
import { daofind } from "../../shaders/source_catalog/measure.js";
import { frameOf, holds, type MeasureImages, threadGroups, withBuffers } from "./measure_device.js";

const FWHM_TO_SIGMA = 1 / (2 * Math.sqrt(2 * Math.LN2));

export interface DaofindMeasures {
  readonly sharpness: Float64Array;
  readonly roundness1: Float64Array;
}

/** DAOFIND's kernel: a Gaussian within a circle, lowered so that it sums to zero; row-major, size x size. */
export interface DaofindKernel {
  readonly size: number;
  readonly weights: Float64Array;
  readonly inside: Uint32Array;
}

export function daofindKernel(fwhm: number): DaofindKernel {
  const sigma = fwhm * FWHM_TO_SIGMA;
  const radius = Math.max(2, 1.5 * sigma);
  const reach = Math.floor(radius);
  const size = 2 * reach + 1;
  const distance2 = Float64Array.from(
    { length: size * size },
    (_, i) => ((i % size) - reach) ** 2 + (Math.floor(i / size) - reach) ** 2,
  );
  const inside = Uint32Array.from(distance2, (d2) => (Math.sqrt(d2) <= radius ? 1 : 0));
  const gaussian = distance2.map((d2, i) => inside[i] * Math.exp(-d2 / (2 * sigma * sigma)));
  const pixels = inside.reduce((a, b) => a + b, 0);
  const sum = gaussian.reduce((a, b) => a + b, 0);
  const norm = gaussian.reduce((a, b) => a + b * b, 0) - (sum * sum) / pixels;
  const weights = gaussian.map((value, i) => ((value - sum / pixels) / norm) * inside[i]);
  return { size, weights, inside };
}

/** The pixel a cutout is centred on: astropy's overlap_slices, half a pixel rounding down. */
function cutoutPixel(value: number, size: number): number {
  const finite = Number.isFinite(value) ? value : -1000;
  return Math.ceil(finite - size / 2) + (size - 1) / 2;
}

/** Sharpness and roundness1 at (x, y), pixels; NaN where nothing is (romancal 1.0.1 source_catalog/_daofind.py). */
export async function measureDaofind(
  gpu: Gpu,
  images: Pick<MeasureImages, "nx" | "ny" | "data" | "frame" | "missed">,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  fwhm: number,
): Promise<DaofindMeasures> {
  const sources = x.length;
  const kernel = daofindKernel(fwhm);
  const { size } = kernel;
  const { nx, ny, data } = images;
  const { x0, y0 } = frameOf(images);
  const at = new Int32Array(2 * sources);
  for (let i = 0; i < sources; i++) {
    const [cx, cy] = [cutoutPixel(x[i], size), cutoutPixel(y[i], size)];
    holds(images, i, [cx - size, cx + size + 1, cy - size, cy + size + 1]);
    at.set([cx - x0, cy - y0], 2 * i);
  }
  const found = await withBuffers(gpu, async (own) => {
    const out = own.alloc("daofind results", 8 * sources);
    const pixels = own.upload("cutout centres", at);
    const weights = own.upload("daofind kernel", Float32Array.from(kernel.weights));
    const inside = own.upload("daofind kernel mask", kernel.inside);
    gpu
      .recorder("source_catalog: daofind")
      .run(
        daofind,
        { params: { nx, ny, sources, size }, data, pixels, weights, inside, out },
        threadGroups(sources),
      )
      .submit();
    return gpu.read(out, Float32Array, 0, 2 * sources);
  });
  const column = (k: number) =>
    Float64Array.from({ length: sources }, (_, i) => (Number.isFinite(x[i]) ? found[2 * i + k] : NaN));
  return { sharpness: column(0), roundness1: column(1) };
}
