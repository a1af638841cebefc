import type { Gpu } from "../../gpu/index.js";
import {
  ANNULUS_STRIDE,
  annulusBackground,
  APERTURE_STRIDE,
  circularApertures,
  RADIUS_WORDS,
} from "../../shaders/source_catalog/measure.js";
import {
  frameOf,
  holds,
  type MeasureImages,
  packCentres,
  sourceConstants,
  sourceGroups,
  withBuffers,
} from "./measure_device.js";

const CLIP_SIGMA = 3;
/** Sources whose keys take so many bytes are measured at a time: few enough to stay in a processor's cache, enough to fill a GPU. */
const KEY_BYTES = { hardware: 1 << 26, lavapipe: 1 << 21, swiftshader: 1 << 21 } as const;

/** Fluxes in circular apertures, [radius][source]; the image's unit. */
export interface ApertureMeasures {
  readonly flux: readonly Float64Array[];
  readonly fluxError: readonly Float64Array[];
}

/** Local background a pixel: sigma-clipped median of an annulus and its standard error. */
export interface AnnulusMeasures {
  readonly background: Float64Array;
  readonly backgroundError: Float64Array;
}

type Planes = Pick<MeasureImages, "nx" | "ny" | "data" | "err" | "frame" | "missed">;

/** Note the sources about which a part does not hold all pixels within `reach`. */
function noteMissed(images: Planes, x: ArrayLike<number>, y: ArrayLike<number>, reach: number): void {
  if (!images.frame) return;
  for (let i = 0; i < x.length; i++) {
    const [cx, cy] = [Math.round(x[i]), Math.round(y[i])];
    if (Number.isFinite(cx) && Number.isFinite(cy))
      holds(images, i, [cx - reach, cx + reach + 1, cy - reach, cy + reach + 1]);
  }
}

/**
 * Sums in circles of `radii` pixels at (x, y), by exact overlap. No mask and no neighbours: a NaN inside makes the sum NaN, as in
 * photutils 3.1.1 aperture_photometry without a mask, which romancal _aperture.py calls. NaN at positions that are not finite.
 */
export async function measureApertures(
  gpu: Gpu,
  images: Planes,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  radii: readonly number[],
): Promise<ApertureMeasures> {
  const { nx, ny, data, err } = images;
  noteMissed(images, x, y, Math.ceil(Math.max(...radii) + 1));
  const sources = x.length;
  const words = APERTURE_STRIDE * sources * radii.length;
  const { groups_x, groups } = sourceGroups(sources);
  const sums = await withBuffers(gpu, async (own) => {
    const out = own.alloc("aperture sums", 4 * words);
    const centres = own.upload("source centres", packCentres(x, y, frameOf(images)));
    const { words: sizes, offsets } = rimsOf(radii);
    const circles = {
      radii: own.upload("aperture radii", sizes),
      rims: own.upload("aperture rims", offsets),
    };
    const params = { nx, ny, sources, groups_x, radii: radii.length, zero: 0 };
    gpu
      .recorder("source_catalog: apertures")
      .run(
        circularApertures,
        { params, data, err, centres, ...circles, out },
        [...groups, radii.length],
        sourceConstants(gpu.info.kind),
      )
      .submit();
    return gpu.read(out, Float32Array, 0, words);
  });
  const bits = new Uint32Array(sums.buffer);
  const at = (source: number, k: number): number => APERTURE_STRIDE * (source * radii.length + k);
  const column = (of: (base: number) => number) =>
    radii.map((_, k) => Float64Array.from({ length: sources }, (_unused, i) => of(at(i, k))));
  return {
    flux: column((base) => (bits[base + 5] ? sums[base] + sums[base + 1] + notFinite(bits[base + 4]) : NaN)),
    fluxError: column((base) =>
      bits[base + 5]
        ? Math.sqrt(sums[base + 2] + sums[base + 3]) + notFinite((bits[base + 4] >> 3) & 3)
        : NaN,
    ),
  };
}

/** The kernel's radii and the pixels that their lines can touch. */
function rimsOf(radii: readonly number[]): { words: Uint32Array; offsets: Int32Array } {
  const words = new Uint32Array(RADIUS_WORDS * radii.length);
  const lists = radii.map((r) => annulusOffsets(r - Math.SQRT1_2, r + Math.SQRT1_2));
  let first = 0;
  radii.forEach((r, k) => {
    const count = lists[k].length / 2;
    words.set([0, first, count], RADIUS_WORDS * k);
    new Float32Array(words.buffer)[RADIUS_WORDS * k] = r;
    first += count;
  });
  const offsets = new Int32Array(2 * first);
  lists.forEach((list, k) => offsets.set(list, 2 * words[RADIUS_WORDS * k + 1]));
  return { words, offsets };
}

/** What adding the values behind the kernel's bits (1 NaN, 2 +inf, 4 -inf) does to a sum. */
function notFinite(bits: number): number {
  return (bits & 1 ? NaN : 0) + (bits & 2 ? Infinity : 0) - (bits & 4 ? Infinity : 0);
}

/**
 * Median of the pixels whose centres lie at distance inner <= d < outer (pixels), clipped at 3 sigma about the median at most five
 * times, and sqrt(pi / 2N) times their standard deviation (romancal 1.0.1 source_catalog/_aperture.py).
 */
export async function measureAnnulus(
  gpu: Gpu,
  images: Planes,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  [inner, outer]: readonly [number, number],
): Promise<AnnulusMeasures> {
  const { nx, ny, data } = images;
  noteMissed(images, x, y, Math.ceil(outer + 1));
  const sources = x.length;
  const offsets = quadOffsets(annulusOffsets(inner, outer));
  const quads = offsets.length / 2;
  const batch = Math.min(sources, Math.max(1, Math.floor(KEY_BYTES[gpu.info.kind] / (16 * quads))));
  const found = await withBuffers(gpu, async (own) => {
    const out = own.alloc("annulus statistics", 4 * ANNULUS_STRIDE * sources);
    const keys = own.alloc("annulus keys", 16 * quads * batch);
    const bound = {
      data,
      centres: own.upload("source centres", packCentres(x, y, frameOf(images))),
      offsets: own.upload("annulus pixels", offsets),
      keys,
      out,
    };
    const rec = gpu.recorder("source_catalog: annulus");
    for (let first = 0; first < sources; first += batch) {
      const end = Math.min(sources, first + batch);
      const { groups_x, groups } = sourceGroups(end - first);
      const params = {
        nx,
        ny,
        first,
        sources: end,
        groups_x,
        quads,
        zero: 0,
        inner,
        outer,
        sigma: CLIP_SIGMA,
      };
      rec.run(annulusBackground, { params, ...bound }, groups, sourceConstants(gpu.info.kind));
    }
    rec.submit();
    return gpu.read(out, Float32Array, 0, ANNULUS_STRIDE * sources);
  });
  const counts = new Uint32Array(found.buffer);
  const background = new Float64Array(sources);
  const backgroundError = new Float64Array(sources);
  for (let i = 0; i < sources; i++) {
    const [, lower, upper, a, aRest, b, bRest] = found.subarray(ANNULUS_STRIDE * i, ANNULUS_STRIDE * (i + 1));
    const n = counts[ANNULUS_STRIDE * i];
    const mean = (a + aRest) / n;
    const variance = Math.max((b + bRest) / n - mean * mean, 0);
    background[i] = n ? 0.5 * (lower + upper) : NaN;
    backgroundError[i] = n ? Math.sqrt(Math.PI / (2 * n)) * Math.sqrt(variance) : NaN;
  }
  return { background, backgroundError };
}

/** Offsets (x, y) from a centre's nearest pixel to the pixels whose centres can lie in the annulus, row by row. */
export function annulusOffsets(inner: number, outer: number): Int32Array {
  const slack = Math.SQRT1_2 + 1e-3;
  const reach = Math.ceil(outer + slack);
  const list: number[] = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const distance = Math.hypot(dx, dy);
      if (distance >= inner - slack && distance <= outer + slack) list.push(dx, dy);
    }
  }
  return Int32Array.from(list);
}

/**
 * Offsets (x, y) of a pixel of each four that pixels of a list, row by row, can lie in, fours being those of an image in flat order: with
 * any pixel of it for the centre, no four comes twice.
 */
export function quadOffsets(list: Int32Array): Int32Array {
  const quads: number[] = [];
  for (let i = 0; i < list.length;) {
    const [start, y] = [list[i], list[i + 1]];
    let end = start;
    for (; i < list.length && list[i + 1] === y && list[i] < end + 10; i += 2) end = list[i];
    for (let x = start; x < end + 4; x += 4) quads.push(x, y);
  }
  return Int32Array.from(quads);
}
