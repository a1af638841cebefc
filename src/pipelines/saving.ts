import { basename, dirname, join } from "node:path";
import {
  type MosaicSegmentationMap,
  type MosaicSourceCatalog,
  type Product,
  type WfiImage,
  type WfiMosaic,
  type WrittenFile,
  baseName,
  catalogParquet,
  productPath,
  writeProducts,
} from "../host/models/index.js";
import type { ModelLibrary } from "./library.js";

/** Options of stpipe that say where results go. */
export interface SaveOptions {
  readonly output_dir: string | null;
  readonly output_file: string | null;
}

/** The folder results go to: output_dir, else that of output_file, else the current one. */
export function folderOf({ output_dir, output_file }: SaveOptions): string {
  return output_dir ?? (output_file === null ? "." : dirname(output_file));
}

/** The base name of products: output_file without suffix and extension, else the association's product. */
export function productName({ output_file }: SaveOptions, fallback: string): string {
  return baseName(basename(output_file ?? fallback));
}

/** The products of a mosaic: `NAME_i2d.asdf`, and `NAME_cat.asdf`, `NAME_cat.parquet`, `NAME_segm.asdf` where there are any. */
export function mosaicProducts(
  folder: string,
  name: string,
  suffix: string,
  results: { mosaic?: WfiMosaic; catalog?: MosaicSourceCatalog; segmentation?: MosaicSegmentationMap },
): Product[] {
  const { mosaic, catalog, segmentation } = results;
  const products: Product[] = [];
  const add = (model: { toAsdf(filename: string): Product["content"] }, word: string): void => {
    const path = productPath(folder, name, word);
    products.push({ path, content: model.toAsdf(basename(path)) });
  };
  if (mosaic) add(mosaic, suffix);
  if (catalog) {
    add(catalog, "cat");
    const path = productPath(folder, name, "cat", "parquet");
    products.push({ path, content: catalogParquet(catalog, basename(path)) });
  }
  if (segmentation) add(segmentation, "segm");
  return products;
}

/** Writes the exposures as a step left them, `MEMBER_SUFFIX.asdf` each; one at a time, so that one is in memory. */
export async function writeExposures(
  library: ModelLibrary,
  folder: string,
  suffix: string,
  calLogs: readonly string[],
): Promise<WrittenFile[]> {
  const files: WrittenFile[] = [];
  for (const exposure of library.exposures) {
    await exposure.download();
    const path = exposurePath(exposure.model, folder, suffix);
    files.push(...(await writeProducts([{ path, content: exposure.model.toAsdf(basename(path), calLogs) }])));
  }
  return files;
}

export function exposurePath(model: WfiImage, folder: string, suffix: string): string {
  return join(folder, `${baseName(model.filename)}_${suffix}.asdf`);
}
