import { basename, resolve } from "node:path";
import type { FrameFile } from "../host/asdf/index.js";
import { UserError } from "../host/errors.js";
import {
  type Association,
  type MosaicSegmentationMap,
  type MosaicSourceCatalog,
  type PlaneName,
  type Product,
  type WfiImage,
  type WfiMosaic,
  type WrittenFile,
  baseName,
  catalogParquet,
  floats,
  framesBeside,
  productPath,
  setNode,
  writeProducts,
} from "../host/models/index.js";
import { halvesToFloats } from "../host/numerics/half.js";
import type { Gpu } from "../gpu/index.js";
import type { Exposure } from "./exposure.js";
import type { ModelLibrary } from "./library.js";
import { mosaicStatistics } from "./mosaic_statistics.js";
import { type NameOptions, type NameParts, resultPath } from "./naming.js";

const DO_NOT_USE = 1;

/** The base name of a mosaic's products: output_file without suffix and extension, else the association's product. */
export function productName({ output_file }: Pick<NameOptions, "output_file">, fallback: string): string {
  return baseName(basename(output_file ?? fallback));
}

/** @param frames holds planes of the mosaic */
export function mosaicProduct(path: string, mosaic: WfiMosaic, frames?: FrameFile): Product {
  return { path, content: mosaic.toAsdf(basename(path)), frames };
}

/** Bytes of a mosaic's tree beside what it repeats of each exposure. */
const TREE_BYTES = 1 << 17;
const EXPOSURE_BYTES = 1 << 12;

/** A file beside a mosaic's for the frames of its planes; see {@link framesBeside}. */
export function mosaicFrames(path: string, { exposures }: ModelLibrary): FrameFile {
  const logs = exposures.map(({ model }) => JSON.stringify(model.meta.cal_logs ?? []).length);
  const room = logs.reduce((sum, length) => sum + EXPOSURE_BYTES + 2 * length, TREE_BYTES);
  return framesBeside(path, room);
}

export interface CatalogResults {
  readonly catalog?: MosaicSourceCatalog;
  readonly segmentation?: MosaicSegmentationMap;
}

/**
 * `NAME_cat.asdf`, `NAME_cat.parquet` (or another suffix) and `NAME_segm.asdf`, as far as there are any.
 * @param frames holds planes of the segmentation map
 */
export function catalogProducts(
  folder: string,
  name: string,
  suffix: string,
  { catalog, segmentation }: CatalogResults,
  frames?: FrameFile,
): Product[] {
  const products: Product[] = [];
  if (catalog) {
    const path = productPath(folder, name, suffix);
    products.push({ path, content: catalog.toAsdf(basename(path)) });
    const parquet = productPath(folder, name, suffix, "parquet");
    products.push({ path: parquet, content: catalogParquet(catalog, basename(parquet)) });
  }
  if (segmentation) {
    const path = segmentationPath(folder, name);
    products.push({ path, content: segmentation.toAsdf(basename(path)), frames });
  }
  return products;
}

function segmentationPath(folder: string, name: string): string {
  return productPath(folder, name, "segm");
}

/** A file beside a segmentation map's for the frames of its planes. */
export function segmentationFrames(folder: string, name: string): FrameFile {
  return framesBeside(segmentationPath(folder, name), TREE_BYTES);
}

/** The exposure's arrays in memory, those too that the steps left alone: its file is closed when the run has ended. */
export async function keepArrays(exposure: Exposure): Promise<void> {
  await exposure.download();
  const { model } = exposure;
  const { shape, ...planes } = await model.arrays();
  void shape;
  for (const [name, array] of Object.entries(planes)) if (array) model.setPlane(name as PlaneName, array);
}

/** What a step's exposures are written with. */
export interface ExposureSaving {
  readonly names: NameParts;
  /** The association's id where it goes into the names: outlier_detection's alone. */
  readonly asnId?: string;
  /** Whether the results are counted: not for flux on one file, which gives one model and no list. */
  readonly counted: boolean;
  readonly calLogs: readonly string[];
}

/** Results never take the place of the files they are made from, which may still be read. Throws UserError. */
export function refuseOverwriting(
  paths: readonly string[],
  inputs: readonly { readonly source: string }[],
): void {
  const taken = new Set(inputs.map(({ source }) => resolve(source)));
  const found = paths.find((path) => taken.has(resolve(path)));
  if (found !== undefined)
    throw new UserError(
      `${found}: would be overwritten by what is made from it; choose another --suffix or --output_dir`,
    );
}

/** Writes the exposures as a step left them, with their statistics; one at a time, so that one is in memory. */
export async function writeExposures(
  gpu: Gpu,
  library: ModelLibrary,
  { names, asnId, counted, calLogs }: ExposureSaving,
): Promise<WrittenFile[]> {
  const files: WrittenFile[] = [];
  const models = library.exposures.map(({ model }) => model);
  const paths = models.map(({ filename }, index) =>
    resultPath(names, filename, { asnId, index: counted ? index : undefined }),
  );
  refuseOverwriting(paths, models);
  for (const [index, exposure] of library.exposures.entries()) {
    await exposure.download();
    const model = models[index];
    await addStatistics(gpu, model);
    noteAssociation(model, library.association);
    const path = paths[index];
    files.push(...(await writeProducts([{ path, content: model.toAsdf(basename(path), calLogs) }])));
  }
  return files;
}

/** Which association an exposure went through, as romancal 1.0.1 datamodels/library.py notes it; nothing where it came alone. */
function noteAssociation(model: WfiImage, { path, tableName, asnPool }: Association): void {
  if (path === undefined) return;
  setNode(model.meta, "asn.table_name", tableName);
  if (asnPool !== undefined) setNode(model.meta, "asn.pool_name", asnPool);
}

/**
 * `meta.statistics` of an exposure: median and scaled median absolute deviation of the finite pixels with an error above 0 and no
 * DO_NOT_USE, and their share; NaN, NaN and 0 where there are none. Source: romancal 1.0.1 lib/statistics.py.
 */
export async function addStatistics(gpu: Gpu, model: WfiImage): Promise<void> {
  const { data, err, dq } = await model.arrays();
  const guards = err instanceof Uint16Array ? halvesToFloats(err) : err.slice();
  dq.forEach((flags, i) => {
    if (flags & DO_NOT_USE) guards[i] = 0;
  });
  const chunk = { values: gpu.upload("data", data), guards: gpu.upload("guards", guards) };
  try {
    const found = await mosaicStatistics(gpu, [{ ...chunk, count: data.length }]);
    for (const [key, value] of Object.entries(floats({ zodiacal_light: -1, ...found })))
      setNode(model.meta, `statistics.${key}`, value);
  } finally {
    for (const buffer of Object.values(chunk)) buffer.free();
  }
}
