import { UserError } from "../errors.js";
import { type AsdfMap, type AsdfValue, NdArray, isMap } from "../asdf/index.js";
import { describeKind, openRoman } from "./roman_file.js";
import { Metadata, nodeAt } from "./tree.js";

/** Encircled energy of one filter: radii in native pixels, fractions of the flux within them; sky annulus in pixels. */
export interface EncircledEnergy {
  readonly ee_radii: Float64Array;
  readonly ee_fractions: Float64Array;
  readonly ap_corrections: Float64Array;
  readonly sky_background_rin: number;
  readonly sky_background_rout: number;
}

/** The grid of oversampled PSFs of a filter (reference file `epsf`). */
export interface EpsfReference {
  readonly path: string;
  /** Subpixels along each side of a native pixel. */
  readonly oversample: number;
  readonly spectral_type: readonly string[];
  readonly defocus: readonly number[];
  /** Detector positions of the PSFs, pixels. */
  readonly pixel_x: readonly number[];
  readonly pixel_y: readonly number[];
  readonly jitter_major: number;
  readonly jitter_minor: number;
  readonly jitter_position_angle: number;
  /** [defocus, spectral type, position, y, x] */
  readonly shape: readonly number[];
  readonly psf: Float32Array;
}

/**
 * The aperture correction of one filter from an `apcorr` reference file. Throws UserError naming the file and the key where it
 * lacks the filter or one of its curves.
 */
export async function readApcorr(path: string, opticalElement: string): Promise<EncircledEnergy> {
  const file = await openReference(path, "apcorr");
  try {
    const node = nodeAt(file.roman, `data.${opticalElement}`);
    const where = `${path}: roman.data.${opticalElement}`;
    if (!isMap(node)) throw new UserError(`${where} is missing; expected the filter's encircled energy`);
    const meta = new Metadata(path, node, `roman.data.${opticalElement}`);
    const [ee_radii, ee_fractions, ap_corrections] = await Promise.all(
      ["ee_radii", "ee_fractions", "ap_corrections"].map((key) => curve(node[key], `${where}.${key}`)),
    );
    if (ee_radii.length !== ee_fractions.length)
      throw new UserError(
        `${where}: ${ee_radii.length} ee_radii but ${ee_fractions.length} ee_fractions; expected as many of both`,
      );
    return {
      ee_radii,
      ee_fractions,
      ap_corrections,
      sky_background_rin: meta.number("sky_background_rin"),
      sky_background_rout: meta.number("sky_background_rout"),
    };
  } finally {
    await file.close();
  }
}

/** An `epsf` reference file, read whole. Throws UserError naming the file and the key. */
export async function readEpsf(path: string): Promise<EpsfReference> {
  const file = await openReference(path, "epsf");
  try {
    const meta = new Metadata(path, isMap(file.roman.meta) ? file.roman.meta : {}, "roman.meta");
    const { psf } = file.roman;
    if (!(psf instanceof NdArray) || psf.shape.length !== 5)
      throw new UserError(`${path}: roman.psf: expected an array of defocus, spectral type, position, y, x`);
    const values = await psf.read();
    return {
      path,
      oversample: meta.number("oversample"),
      spectral_type: list(meta, "spectral_type").map(String),
      defocus: list(meta, "defocus").map(Number),
      pixel_x: list(meta, "pixel_x").map(Number),
      pixel_y: list(meta, "pixel_y").map(Number),
      jitter_major: meta.number("jitter_major"),
      jitter_minor: meta.number("jitter_minor"),
      jitter_position_angle: meta.number("jitter_position_angle"),
      shape: psf.shape,
      psf: values instanceof Float32Array ? values : Float32Array.from(await psf.readNumbers()),
    };
  } finally {
    await file.close();
  }
}

/** Checks that a file is a reference file of this kind, without reading its arrays. Throws UserError. */
export async function checkReference(path: string, kind: "apcorr" | "epsf" | "skycells"): Promise<void> {
  await (await openReference(path, kind)).close();
}

async function openReference(
  path: string,
  kind: string,
): Promise<{ roman: AsdfMap; close(): Promise<void> }> {
  const file = await openRoman(path);
  if (file.kind === kind) return file;
  await file.close();
  throw new UserError(`${path}: expected a reference file of type ${kind}, found ${describeKind(file.kind)}`);
}

async function curve(node: AsdfValue | undefined, where: string): Promise<Float64Array> {
  if (node instanceof NdArray) return node.readNumbers();
  if (Array.isArray(node) && node.every((value) => typeof value === "number")) return Float64Array.from(node);
  throw new UserError(`${where}: expected a list of numbers`);
}

function list(meta: Metadata, key: string): AsdfValue[] {
  const node = meta.root[key];
  if (Array.isArray(node)) return node.map((item) => (isMap(item) ? null : item)) as AsdfValue[];
  throw new UserError(`${meta.file}: roman.meta.${key}: expected a list`);
}
