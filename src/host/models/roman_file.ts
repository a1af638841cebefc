import { stat } from "node:fs/promises";
import { UserError } from "../errors.js";
import { type AsdfFile, type AsdfMap, type OpenOptions, isMap, openAsdf, tagOf } from "../asdf/index.js";

/** The `roman` node of a file, with what is needed to let go of the file. */
export interface RomanFile {
  readonly path: string;
  readonly roman: AsdfMap;
  /** e.g. "wfi_image": the name in the tag of the `roman` node; undefined where it has none. */
  readonly kind: string | undefined;
  close(): Promise<void>;
}

/**
 * Opens an ASDF file and checks that it is one of Roman's.
 * Throws UserError naming the file where it is missing, damaged or not Roman's.
 */
export async function openRoman(path: string, options: OpenOptions = {}): Promise<RomanFile> {
  const size = await stat(path).then(
    (entry) => (entry.isFile() ? entry.size : -1),
    (error: NodeJS.ErrnoException) => {
      throw new UserError(error.code === "ENOENT" ? `${path}: no such file` : `${path}: ${error.message}`);
    },
  );
  if (size < 0) throw new UserError(`${path}: expected a file, found a folder`);
  const file: AsdfFile = await openAsdf(path, options);
  const { roman } = file.tree;
  if (!isMap(roman)) {
    await file.close();
    throw new UserError(`${path}: not a Roman file: its tree has no key "roman"`);
  }
  return { path, roman, kind: kindOf(roman), close: () => file.close() };
}

/** The kind of a `roman` node, from its tag `asdf://stsci.edu/datamodels/roman/tags/KIND-VERSION`. */
export function kindOf(roman: AsdfMap): string | undefined {
  return /datamodels\/roman\/tags\/(?:.*\/)?([a-z0-9_]+)-[\d.]+$/.exec(tagOf(roman) ?? "")?.[1];
}

const KINDS: Readonly<Record<string, string>> = {
  wfi_science_raw: "an uncalibrated ramp (L1, _uncal)",
  ramp: "a ramp",
  wfi_image: "a calibrated image (L2, _cal)",
  wfi_mosaic: "a mosaic (L3, _coadd or _i2d)",
  image_source_catalog: "a catalog of an image",
  mosaic_source_catalog: "a catalog of a mosaic",
  segmentation_map: "a segmentation map of an image",
  mosaic_segmentation_map: "a segmentation map of a mosaic",
  guidewindow: "a guide window",
};

/** A kind in words, for messages: "a mosaic (L3, _coadd or _i2d)". */
export function describeKind(kind: string | undefined): string {
  if (kind === undefined) return "a node without a Roman tag";
  return KINDS[kind] ?? `a file of type ${kind}`;
}
