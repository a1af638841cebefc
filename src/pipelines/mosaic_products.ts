import { basename } from "node:path";
import type { FrameFile } from "../host/asdf/index.js";
import {
  type Product,
  type WfiMosaic,
  prepareFolder,
  productPath,
  writeProducts,
} from "../host/models/index.js";
import type { Run } from "./call.js";
import type { ModelLibrary } from "./library.js";
import type { Checked } from "./mosaic_options.js";
import { type NameOptions, folderOf, resultPath } from "./naming.js";
import type { StepName } from "./options.js";
import {
  type CatalogResults,
  catalogProducts,
  mosaicFrames,
  mosaicProduct,
  productName,
  segmentationFrames,
} from "./saving.js";

/** Whether results are saved: an output_file asks for it too; source: stpipe 0.12 step.py run. */
export function isSaved(options: Pick<NameOptions, "output_file"> & { save_results: boolean }): boolean {
  return options.save_results || options.output_file !== null;
}

/** Makes the folders that a run will write to, so that it does not fail when all is computed. Throws UserError. */
export async function prepareFolders({ own, steps }: Checked): Promise<void> {
  if (isSaved(own)) await prepareFolder(folderOf(own));
  for (const name of Object.keys(steps) as StepName[])
    if (isSaved(steps[name]) && !steps[name].skip) await prepareFolder(folderOf(steps[name], own));
}

/** The files of a run, as far as it saves them. To be made before resample, whose planes go to a file as they are made. */
export class MosaicProducts {
  /** For the planes of the mosaic and of its segmentation map, where they are saved. */
  readonly frames: { readonly mosaic?: FrameFile; readonly segmentation?: FrameFile };
  private readonly name: string;

  constructor(
    private readonly run: Run,
    private readonly checked: Checked,
    library: ModelLibrary,
    private readonly input: string | undefined,
  ) {
    this.name = productNameOf(checked, library, "resample_output");
    const [path] = this.mosaicPaths("resample_output");
    const catalogs = this.catalogNames();
    this.frames = {
      mosaic: path === undefined ? undefined : mosaicFrames(path, library),
      segmentation: catalogs && segmentationFrames(catalogs.folder, catalogs.name),
    };
  }

  async save(mosaic: WfiMosaic, found: CatalogResults): Promise<void> {
    const { frames } = this;
    const mosaics = this.mosaicPaths(mosaic.filename).map((path) =>
      mosaicProduct(path, mosaic, frames.mosaic),
    );
    const products = [...mosaics, ...this.catalogs(found)];
    if (products.length === 0) return;
    const { ctx, files } = this.run;
    ctx.gpu.memory.trim(); // nothing is computed any more
    await ctx.gpu.idle();
    ctx.progress("write", 0);
    files.push(...(await ctx.timer.inStep("write", () => writeProducts(products))));
    ctx.progress("write", 1);
  }

  /** Nothing but products stays. */
  async close(): Promise<void> {
    for (const file of Object.values(this.frames) as (FrameFile | undefined)[]) await file?.remove();
  }

  /** The pipeline's mosaic and, where it is saved under another name, that of resample. */
  private mosaicPaths(filename: string): string[] {
    const { own, steps, suffix } = this.checked;
    const { resample } = steps;
    const paths = new Set<string>();
    if (isSaved(own)) paths.add(productPath(folderOf(own), this.name, suffix));
    if (isSaved(resample)) {
      const parent = { output_dir: own.output_dir, output_file: own.output_file ?? this.name };
      const parts = { ...resample, defaultSuffix: suffix, input: this.input, parent };
      paths.add(resultPath(parts, filename));
    }
    return [...paths];
  }

  private catalogs(found: CatalogResults): Product[] {
    const names = this.catalogNames();
    if (!names) return [];
    const { folder, name, suffix } = names;
    return catalogProducts(folder, name, suffix, found, this.frames.segmentation);
  }

  /** Undefined where catalogs are not saved. */
  private catalogNames():
    { readonly folder: string; readonly name: string; readonly suffix: string } | undefined {
    const { own, steps } = this.checked;
    const { source_catalog: options } = steps;
    if (!isSaved(own) && !isSaved(options)) return undefined;
    const name = productName(options, this.name);
    return { folder: folderOf(options, own), name, suffix: options.suffix };
  }
}

/** The base name of the pipeline's products. */
export function productNameOf({ own }: Checked, { association }: ModelLibrary, fallback: string): string {
  const named = association.productName ?? basename(fallback);
  return productName(own.output_use_model ? { output_file: null } : own, named);
}
