import { randomBytes } from "node:crypto";
import { access, constants, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.js";
import { type AsdfMap, FrameFile, writeAsdf } from "../asdf/index.js";
import { PRODUCT_COMPRESSION } from "./wfi_mosaic.js";

/** A file that was written. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
}

/** What to write: an ASDF tree or ready bytes. */
export interface Product {
  readonly path: string;
  readonly content: AsdfMap | Uint8Array;
  /** Holds frames of the tree's arrays, and becomes the product where it can. */
  readonly frames?: FrameFile;
}

/** Makes a folder where it is missing and checks that files can be written there. Throws UserError. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeFolder(resolve(folder));
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new UserError(
      `${folder}: cannot write there (${(error as NodeJS.ErrnoException).code}); choose another --output_dir`,
    );
  }
}

/** Node's own recursive mkdir never returns where a file system has no folder to make, as /proc. */
async function makeFolder(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (there?.isDirectory()) return;
  if (there) throw Object.assign(new Error(`${folder} is a file`), { code: "ENOTDIR" });
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error; // somebody else made it meanwhile
  });
}

/**
 * Writes products so that either all of them appear under their names, whole, or none: each is written beside its place and
 * renamed when the last is complete. ASDF arrays are lz4-compressed, as roman_datamodels does. Throws UserError for a full disk or
 * a folder that cannot be written to.
 */
export async function writeProducts(products: readonly Product[]): Promise<WrittenFile[]> {
  const mark = partMark();
  const parts = products.map(({ path }) => path + mark);
  try {
    for (const [i, { path, content, frames }] of products.entries()) {
      await prepareFolder(dirname(path));
      if (content instanceof Uint8Array) await writeFile(parts[i], content);
      else await writeAsdf(parts[i], content, { compression: PRODUCT_COMPRESSION, frames });
    }
    for (const [i, { path }] of products.entries()) await rename(parts[i], path);
  } catch (error) {
    await Promise.all(parts.map((part) => rm(part, { force: true }).catch(() => undefined)));
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof UserError) throw error;
    throw new UserError(`the products could not be written: ${message}`);
  }
  return Promise.all(products.map(async ({ path }) => ({ path, bytes: (await stat(path)).size })));
}

/** Ends the name of a file that is not complete. */
function partMark(): string {
  return `.part-${process.pid}-${randomBytes(3).toString("hex")}`;
}

/**
 * A file beside a product for the frames of its arrays, made when the first comes; to remove in the end, which leaves the product alone.
 * @param room bytes that the product's tree may take for the file to become the product
 */
export function framesBeside(path: string, room: number): FrameFile {
  return new FrameFile(path + partMark(), path, room);
}

/** `FOLDER/NAME_SUFFIX.EXT`. */
export function productPath(folder: string, name: string, suffix: string, extension = "asdf"): string {
  return join(folder, `${name}_${suffix}.${extension}`);
}

const STEP_SUFFIXES = [
  "cal",
  "flux",
  "skymatch",
  "outlier_detection",
  "resample",
  "i2d",
  "coadd",
  "cat",
  "segm",
];

/** A file's name without `.asdf` and without a step's suffix: `r..._cal.asdf` gives `r...`; source: romancal lib/suffix.py. */
export function baseName(filename: string): string {
  const stem = filename.replace(/\.(asdf|json|parquet)$/, "");
  const suffix = STEP_SUFFIXES.find((word) => stem.endsWith(`_${word}`));
  return suffix ? stem.slice(0, -suffix.length - 1) : stem;
}
