import { type AsdfMap, NdArray, isMap } from "../asdf/index.js";
import { UserError } from "../errors.js";
import { PIXEL } from "../models/dqflags.js";
import { type RomanFile, describeKind, openRoman } from "../models/roman_file.js";
import { Facts } from "../describe/words.js";
import { Wcs, makeFitsImagingWcs, rotationMatrixOfRoll } from "../wcs/index.js";
import { type CatalogShapes, readCatalogShapes } from "./catalog.js";
import { skyMarks } from "./marks.js";
import { type Ellipse, type PictureOptions, picturePng, segmentationPng } from "./picture.js";

export interface PreviewOptions extends Pick<PictureOptions, "stretch" | "black" | "white"> {
  /** Longest side of the picture, pixels (default: the image's, at most 2000). */
  readonly size?: number;
  /** Segmentation map whose sources are outlined. */
  readonly segm?: string;
  /** Catalog whose sources are outlined. */
  readonly catalog?: string;
  /** North, east and a scale bar (default true). */
  readonly marks?: boolean;
}

const LARGEST = 16_384;
/** A source is outlined at this many sigma of its light. */
const OUTLINE_SIGMA = 3;

/**
 * A PNG of a mosaic, a calibrated image or a segmentation map.
 * @throws UserError for a file that is none of these, or whose segmentation map or catalog does not belong to it
 */
export async function previewPng(path: string, options: PreviewOptions = {}): Promise<Uint8Array> {
  const { size } = options;
  if (size !== undefined && !(Number.isInteger(size) && size >= 16 && size <= LARGEST))
    throw new UserError(`--size=${size}: expected 16 to ${LARGEST} pixels`);
  const file = await openRoman(path);
  try {
    const data = imageOf(file);
    const shape = [data.shape[0], data.shape[1]] as const;
    const wcs = await wcsOf(file);
    const common = { size, wcs: options.marks === false ? undefined : wcs };
    if (isSegmentation(file)) {
      if (options.segm || options.catalog)
        throw new UserError(`${path}: sources are outlined on images; this is a segmentation map`);
      return segmentationPng(await labelsOf(data), shape, common);
    }
    const labels = options.segm ? await readLabels(options.segm, shape, path) : undefined;
    const ellipses = options.catalog ? await ellipsesOf(options.catalog, wcs, shape, path) : undefined;
    const values = await data.read();
    const pixels = values instanceof Float32Array ? values : Float32Array.from(await data.readNumbers());
    const { stretch, black, white } = options;
    const usable = await usableOf(file, shape);
    return picturePng(pixels, shape, labels, { ...common, stretch, black, white, ellipses, usable });
  } finally {
    await file.close();
  }
}

function isSegmentation({ kind }: RomanFile): boolean {
  return kind?.endsWith("segmentation_map") ?? false;
}

function imageOf(file: RomanFile): NdArray {
  const { data } = file.roman;
  const drawn = isSegmentation(file) || file.kind === "wfi_image" || file.kind === "wfi_mosaic";
  if (!drawn)
    throw new UserError(
      `${file.path}: expected a mosaic, a calibrated image or a segmentation map, found ${describeKind(file.kind)}`,
    );
  if (!(data instanceof NdArray) || data.shape.length !== 2 || data.size === 0)
    throw new UserError(`${file.path}: roman.data: expected an image with rows and columns`);
  return data;
}

/** The image's WCS, or what the wcsinfo of a mosaic's products says; undefined where there is neither. */
async function wcsOf({ roman }: RomanFile): Promise<Wcs | undefined> {
  const { meta } = roman;
  if (!isMap(meta)) return undefined;
  try {
    if (isMap(meta.wcs)) return await Wcs.fromAsdf(meta.wcs);
    return wcsOfInfo(meta);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function wcsOfInfo(meta: AsdfMap): Wcs | undefined {
  const facts = new Facts(meta);
  const number = (key: string): number => facts.number(`wcsinfo.${key}`) ?? NaN;
  const scale = number("pixel_scale_ref");
  const crpix: [number, number] = [number("x_ref"), number("y_ref")];
  const crval: [number, number] = [number("ra_ref"), number("dec_ref")];
  const turn = facts.number("wcsinfo.orientation_ref") ?? 0;
  if (![...crpix, ...crval, scale].every(Number.isFinite)) return undefined;
  const pc = rotationMatrixOfRoll((turn * Math.PI) / 180, 0, 1);
  return makeFitsImagingWcs({ crpix, crval, cdelt: [scale, scale], pc });
}

/** Of a calibrated image: pixels that may be used. */
async function usableOf(
  { roman, kind }: RomanFile,
  shape: readonly [number, number],
): Promise<((index: number) => boolean) | undefined> {
  const { dq } = roman;
  if (kind !== "wfi_image" || !(dq instanceof NdArray) || dq.size !== shape[0] * shape[1]) return undefined;
  const flags = await dq.read();
  return (index) => (Number(flags[index]) & PIXEL.DO_NOT_USE) === 0;
}

async function labelsOf(data: NdArray): Promise<Uint32Array> {
  const labels = await data.read();
  return labels instanceof Uint32Array ? labels : Uint32Array.from(labels as ArrayLike<number>, Number);
}

async function readLabels(
  path: string,
  shape: readonly [number, number],
  image: string,
): Promise<Uint32Array> {
  const file = await openRoman(path);
  try {
    if (!isSegmentation(file))
      throw new UserError(`${path}: expected a segmentation map, found ${describeKind(file.kind)}`);
    const data = imageOf(file);
    if (data.shape[0] !== shape[0] || data.shape[1] !== shape[1])
      throw new UserError(
        `${path}: is ${data.shape[1]} x ${data.shape[0]} pixels, ${image} ${shape[1]} x ${shape[0]}: not the segmentation map of this image`,
      );
    return await labelsOf(data);
  } finally {
    await file.close();
  }
}

async function ellipsesOf(
  path: string,
  wcs: Wcs | undefined,
  shape: readonly [number, number],
  image: string,
): Promise<Ellipse[]> {
  const shapes = await readCatalogShapes(path);
  const marks = wcs && skyMarks(wcs, shape, 1);
  if (!wcs || !marks)
    throw new UserError(`${image}: has no WCS, so that no place in it is known for a catalog's sources`);
  const found = sourcesIn(shapes, wcs, shape, marks.scale);
  if (found.length === 0 && shapes.ra_centroid.length > 0)
    throw new UserError(`${path}: none of its ${shapes.ra_centroid.length} sources lies in ${image}`);
  return found;
}

/** Positions that agree so well, pixels, are those of one grid. */
const SAME_GRID = 1;

/**
 * On the mosaic that the catalog was made of ellipses, on another image circles: which way that mosaic faces, a catalog does not say.
 */
function sourcesIn(
  shapes: CatalogShapes,
  wcs: Wcs,
  [ny, nx]: readonly [number, number],
  scale: number,
): Ellipse[] {
  const { semimajor, semiminor, orientation_pix } = shapes;
  const { x, y } = wcs.inverseMany(shapes.ra_centroid, shapes.dec_centroid);
  const pixels = OUTLINE_SIGMA / (3600 * scale);
  const own = isOwnGrid(shapes, x, y);
  return Array.from(x, (column, i): Ellipse => {
    const round = Math.sqrt(semimajor[i] * semiminor[i]);
    const [a, b] = own ? [semimajor[i], semiminor[i]] : [round, round];
    return { x: column, y: y[i], a: a * pixels, b: b * pixels, angle: own ? orientation_pix[i] : 0 };
  }).filter((one) => one.x > -1 && one.y > -1 && one.x < nx && one.y < ny);
}

/** Do most sources have the pixels that the catalog gives them? */
function isOwnGrid({ x_centroid, y_centroid }: CatalogShapes, x: Float64Array, y: Float64Array): boolean {
  const same = x.filter((value, i) => Math.hypot(value - x_centroid[i], y[i] - y_centroid[i]) < SAME_GRID);
  return 2 * same.length > x.length;
}
