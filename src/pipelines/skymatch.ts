import { float, isMap } from "../host/asdf/index.js";
import { UserError } from "../host/errors.js";
import { badBits, nodeAt, setNode } from "../host/models/index.js";
import { skyStatistic, type SkyValue } from "../host/numerics/imagestats.js";
import { allPixels, fillPolygons, type Spans } from "../host/numerics/polygon_fill.js";
import { findSkyDeltas, type PairSky } from "../host/numerics/sky_deltas.js";
import { outlineOf, PolygonError, SphericalPolygon } from "../host/wcs/sphere/index.js";
import { subtractSky } from "../shaders/skymatch/kernels.js";
import type { RunContext } from "./context.js";
import type { Exposure } from "./exposure.js";
import { strides } from "./dispatch.js";
import type { ModelLibrary } from "./library.js";
import type { SkyMatchOptions } from "./options.js";
import { SkySets } from "./sky_sets.js";

/** Bytes of pixels, and exposures, measured at a time: two full ones. */
const BYTES_TOGETHER = 2 ** 27;
const MOST_TOGETHER = 8;
/** Overlaps of an exposure that are measured in one pass: the pieces they cut each other into grow by their square. */
const MOST_SETS = 32;

const MEASURED = ["data", "dq"] as const;

/** An exposure and the sky found in it so far. */
interface SkyImage {
  readonly exposure: Exposure;
  readonly footprint: SphericalPolygon;
  sky: number;
  valid: boolean;
}

/** Statistic k of image i: in its overlap with image `others[k]`. */
interface Overlap {
  readonly other: number;
  readonly spans: Spans;
}

/**
 * Finds the sky of every exposure, in units of its data, by the chosen method, and notes it in meta.background (level, method,
 * subtracted) and cal_step.skymatch: SKIPPED where there is nothing to measure it with. Pixels are measured on the device, two
 * full exposures at a time; with `subtract` the sky leaves the data too.
 * Source: romancal 1.0.1 skymatch/skymatch_step.py, stcal 1.20.0 skymatch/. Throws UserError as romancal's step does for a
 * background that was subtracted before.
 */
export async function skymatch(
  ctx: RunContext,
  library: ModelLibrary,
  options: SkyMatchOptions,
): Promise<void> {
  const images = library.exposures.map((exposure) => skyImage(exposure, options));
  const matching = options.skymethod.includes("match");
  const global = options.skymethod.includes("global");
  if (matching) applySky(ctx, images, await matchedDeltas(ctx, library, images, options), false, options);
  if (global || !matching) {
    const skies = await ownSkies(ctx, library, images, options);
    const known = skies.filter((sky) => sky !== undefined);
    const least = known.length ? Math.min(...known) : undefined;
    applySky(ctx, images, global ? skies.map(() => least) : skies, global, options);
  }
  for (const image of images) noteBackground(image, options);
}

function skyImage(exposure: Exposure, { stepsize, subtract }: SkyMatchOptions): SkyImage {
  const { model, wcs, nx, ny } = exposure;
  const { metadata } = model;
  const level = metadata.optionalNumber("background.level");
  if (metadata.optionalBoolean("background.subtracted")) {
    const where = `${model.source}: roman.meta.background`;
    if (level === undefined)
      throw new UserError(
        `${where}.subtracted is true but its level is missing; give the level or set subtracted to false`,
      );
    if (subtract)
      throw new UserError(
        `${where}.subtracted is true: the sky has been subtracted already; run without skymatch.subtract`,
      );
  }
  const outline = outlineOf(nx, ny, stepsize);
  const { ra, dec } = wcs.forwardMany(outline.x, outline.y);
  if (![...ra, ...dec].every(Number.isFinite))
    throw new UserError(`${model.source}: roman.meta.wcs gives no position for the corners of the image`);
  const footprint = SphericalPolygon.fromLonLat(ra, dec);
  return { exposure, footprint, sky: subtract ? (level ?? 0) : 0, valid: false };
}

/** What to take from each image so that overlaps agree, the lowest (or highest) of them 0; undefined where nothing overlaps. */
async function matchedDeltas(
  ctx: RunContext,
  library: ModelLibrary,
  images: readonly SkyImage[],
  options: SkyMatchOptions,
): Promise<(number | undefined)[]> {
  const overlaps = overlapsOf(images);
  const sets = overlaps.map((list) => list.map(({ spans }) => spans));
  const values = await measureAll(ctx, library, images, sets, options);
  const skies = overlaps.map((list, i) => {
    const found = list.flatMap(({ other }, k): [number, SkyValue][] => {
      const value = values[i][k];
      return value ? [[other, value]] : [];
    });
    return new Map(found);
  });
  const pairs = images.flatMap((_, i) => pairsOf(i, skies));
  const { deltas, rank } = findSkyDeltas(images.length, pairs);
  if (rank < images.length - 1) {
    ctx.log.warn(
      `skymatch: ${images.length} sky values to be found from overlaps that fix ${rank} differences: exposures are matched within ` +
        `parts that overlap, not between them`,
    );
  }
  const good = [...deltas].filter(Number.isFinite);
  const reference = options.match_down ? Math.min(...good) : Math.max(...good);
  return Array.from(deltas, (delta) => (Number.isFinite(delta) ? delta - reference : undefined));
}

function pairsOf(i: number, skies: readonly ReadonlyMap<number, SkyValue>[]): PairSky[] {
  const pairs: PairSky[] = [];
  for (let j = i + 1; j < skies.length; j++) {
    const [a, b] = [skies[i].get(j), skies[j].get(i)];
    if (a && b) pairs.push({ i, j, skyI: a.sky, skyJ: b.sky, npixI: a.npix, npixJ: b.npix });
  }
  return pairs;
}

/** For each image, the pixels that lie in its overlap with each other image. */
function overlapsOf(images: readonly SkyImage[]): Overlap[][] {
  const overlaps: Overlap[][] = images.map(() => []);
  for (let i = 0; i < images.length; i++) {
    for (let j = i + 1; j < images.length; j++) {
      const [inI, inJ] = overlapOf(images[i].footprint, images[j].footprint);
      if (inI.area() === 0) continue;
      overlaps[i].push({ other: j, spans: pixelsIn(inI, images[i].exposure) });
      overlaps[j].push({ other: i, spans: pixelsIn(inJ, images[j].exposure) });
    }
  }
  return overlaps;
}

/** The overlap as each of the two sees it: all of itself where it cannot be traced, as in stcal. */
function overlapOf(a: SphericalPolygon, b: SphericalPolygon): [SphericalPolygon, SphericalPolygon] {
  try {
    const common = a.intersection(b);
    return [common, common];
  } catch (error) {
    if (error instanceof PolygonError) return [a, b];
    throw error;
  }
}

function pixelsIn(polygon: SphericalPolygon, { wcs, nx, ny, model }: Exposure): Spans {
  const outlines = polygon.toLonLat().map(({ lon, lat }) => wcs.inverseMany(lon, lat));
  if (!outlines.every(({ x, y }) => [...x, ...y].every(Number.isFinite)))
    throw new UserError(
      `${model.source}: roman.meta.wcs cannot be inverted in the overlap with another exposure`,
    );
  return fillPolygons(outlines, nx, ny);
}

/** The sky of each whole image. */
async function ownSkies(
  ctx: RunContext,
  library: ModelLibrary,
  images: readonly SkyImage[],
  options: SkyMatchOptions,
): Promise<(number | undefined)[]> {
  const sets = images.map(({ exposure }) => [allPixels(exposure.nx, exposure.ny)]);
  const values = await measureAll(ctx, library, images, sets, options);
  return values.map(([value]) => value?.sky);
}

/** Statistics of sets of pixels of each image; small exposures several at a time, as each round waits for the device. */
async function measureAll(
  ctx: RunContext,
  library: ModelLibrary,
  images: readonly SkyImage[],
  sets: readonly (readonly Spans[])[],
  options: SkyMatchOptions,
): Promise<(SkyValue | undefined)[][]> {
  const largest = Math.max(...images.map(({ exposure }) => 4 * exposure.nx * exposure.ny));
  const together = Math.max(1, Math.min(MOST_TOGETHER, Math.floor(BYTES_TOGETHER / largest)));
  const found: (SkyValue | undefined)[][] = [];
  for (let start = 0; start < images.length; start += together) {
    const batch = images.slice(start, start + together).map((_, k) => start + k);
    found.push(...(await Promise.all(batch.map((i) => measure(ctx, library, images, i, sets[i], options)))));
    ctx.progress("skymatch", found.length / images.length);
  }
  return found;
}

/** Statistics of sets of an image's pixels; while nothing is subtracted, relative to the sky found so far. */
async function measure(
  ctx: RunContext,
  library: ModelLibrary,
  images: readonly SkyImage[],
  index: number,
  sets: readonly Spans[],
  options: SkyMatchOptions,
): Promise<(SkyValue | undefined)[]> {
  if (sets.length === 0) return [];
  return library.with(
    index,
    async (exposure) => {
      const planes = await exposure.acquire(MEASURED);
      const { data, dq, nx, ny } = planes;
      const image = { nx, ny, data: data.buffer, dq, bad: badBits(options.dqbits) ?? 0 };
      const known = options.subtract ? 0 : images[index].sky;
      const found: (SkyValue | undefined)[] = [];
      try {
        for (let start = 0; start < sets.length; start += MOST_SETS) {
          const pixels = new SkySets(ctx.gpu, image, sets.slice(start, start + MOST_SETS));
          try {
            found.push(...(await pixels.measure(() => skyStatistic(options))));
          } finally {
            pixels.free();
          }
        }
        return found.map((value) => value && { ...value, sky: value.sky - known });
      } finally {
        exposure.release();
      }
    },
    MEASURED,
  );
}

/** stcal's _apply_sky: adds what was found to each image's sky and, with `subtract`, takes it from the data. */
function applySky(
  ctx: RunContext,
  images: readonly SkyImage[],
  skies: readonly (number | undefined)[],
  global: boolean,
  { subtract }: SkyMatchOptions,
): void {
  images.forEach((image, i) => {
    const { model } = image.exposure;
    const sky = skies[i];
    if (sky === undefined && !global) ctx.log.warn(`skymatch: ${model.filename}: no sky could be measured`);
    image.valid = sky !== undefined || (global && image.valid);
    if (sky === undefined) return;
    if (subtract) subtractFrom(image.exposure, sky);
    image.sky += sky;
    ctx.log.info(`skymatch: ${model.filename}: sky ${image.sky.toPrecision(6)}`);
  });
}

function subtractFrom(exposure: Exposure, sky: number): void {
  exposure.transform((rec, { data }) => {
    if (!data) return;
    const count = data.nx * data.ny;
    rec.run(subtractSky, { params: { count, sky: Math.fround(sky) }, data: data.buffer }, [strides(count)]);
  });
}

function noteBackground({ exposure, sky, valid }: SkyImage, { skymethod, subtract }: SkyMatchOptions): void {
  const { meta } = exposure.model;
  if (!isMap(nodeAt(meta, "background"))) setNode(meta, "background", {});
  setNode(meta, "background.level", Number.isInteger(sky) ? float(sky) : sky);
  setNode(meta, "background.subtracted", subtract);
  setNode(meta, "background.method", skymethod);
  setNode(meta, "cal_step.skymatch", valid ? "COMPLETE" : "SKIPPED");
}
