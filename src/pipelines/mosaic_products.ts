import { basename } from "node:path";
import {
  type Product,
  ProductWriter,
  type WfiMosaic,
  prepareFolder,
  productPath,
} from "../host/models/index.js";
import type { Run } from "./call.js";
import type { ModelLibrary } from "./library.js";
import type { Checked } from "./mosaic_options.js";
import { type NameOptions, folderOf, resultPath } from "./naming.js";
import type { StepName } from "./options.js";
import { type CatalogResults, catalogProducts, mosaicProduct, productName } from "./saving.js";

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

/** The files of a run, as far as it saves them. The mosaic's pixels are written while the catalog is made. */
export class MosaicProducts {
  private readonly writer = new ProductWriter();
  private readonly name: string;

  constructor(
    private readonly run: Run,
    private readonly checked: Checked,
    library: ModelLibrary,
    mosaic: WfiMosaic,
    private readonly input: string | undefined,
  ) {
    const { own, steps } = checked;
    this.name = productNameOf(checked, library, mosaic.filename);
    // What hooks will do to the pixels is not known.
    const hooked = [own.post_hooks, steps.source_catalog.pre_hooks, steps.source_catalog.post_hooks];
    if (hooked.some((hooks) => hooks.length)) return;
    for (const { path, content } of this.mosaics(mosaic))
      if (!(content instanceof Uint8Array)) this.writer.begin(path, content);
  }

  async save(mosaic: WfiMosaic, found: CatalogResults): Promise<void> {
    const products = [...this.mosaics(mosaic), ...this.catalogs(found)];
    if (products.length === 0) return;
    const { ctx, files } = this.run;
    ctx.gpu.memory.trim(); // nothing is computed any more
    await ctx.gpu.idle();
    ctx.progress("write", 0);
    files.push(...(await ctx.timer.inStep("write", () => this.writer.finish(products))));
    ctx.progress("write", 1);
  }

  /** Nothing that was begun stays; after save() there is nothing to do. */
  abandon(): Promise<void> {
    return this.writer.abandon();
  }

  /** The pipeline's mosaic and, where it is saved under another name, that of resample. */
  private mosaics(mosaic: WfiMosaic): Product[] {
    const { own, steps, suffix } = this.checked;
    const { resample } = steps;
    const paths = new Set<string>();
    if (isSaved(own)) paths.add(productPath(folderOf(own), this.name, suffix));
    if (isSaved(resample)) {
      const parent = { output_dir: own.output_dir, output_file: own.output_file ?? this.name };
      const parts = { ...resample, defaultSuffix: suffix, input: this.input, parent };
      paths.add(resultPath(parts, mosaic.filename));
    }
    return [...paths].map((path) => mosaicProduct(path, mosaic));
  }

  private catalogs(found: CatalogResults): Product[] {
    const { own, steps } = this.checked;
    const { source_catalog: options } = steps;
    if (!isSaved(own) && !isSaved(options)) return [];
    const name = productName(options, this.name);
    return catalogProducts(folderOf(options, own), name, options.suffix, found);
  }
}

/** The base name of the pipeline's products. */
export function productNameOf({ own }: Checked, { association }: ModelLibrary, fallback: string): string {
  const named = association.productName ?? basename(fallback);
  return productName(own.output_use_model ? { output_file: null } : own, named);
}
