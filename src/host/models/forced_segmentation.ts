import { UserError } from "../errors.js";
import { NdArray } from "../asdf/index.js";
import { type RomanFile, describeKind, openRoman } from "./roman_file.js";

const KINDS = ["mosaic_segmentation_map", "segmentation_map", "multiband_segmentation_map"];
const MOST_LABEL = 2 ** 31 - 1;

/** A segmentation map that is to be measured, with the image its sources were found in. */
export interface ForcedSegmentation {
  readonly path: string;
  /** Labels, row-major, not necessarily consecutive; 0 where there is no source. */
  readonly labels: Uint32Array;
  readonly detectionImage: Float32Array;
}

/** Reads a `_segm` file. Throws UserError where it is none, or not of the image's shape [ny, nx]. */
export async function readForcedSegmentation(
  path: string,
  shape: readonly [number, number],
): Promise<ForcedSegmentation> {
  const file = await openSegmentation(path);
  try {
    const plane = (name: string): Promise<Float64Array> | ReturnType<NdArray["read"]> => {
      const node = file.roman[name];
      const where = `${path}: roman.${name}`;
      if (!(node instanceof NdArray)) throw new UserError(`${where} is missing; expected an image`);
      if (node.shape.length !== 2 || node.shape.some((size, i) => size !== shape[i]))
        throw new UserError(
          `${where}: has shape ${node.shape.join(" x ")}; expected the mosaic's ${shape.join(" x ")} (rows x columns)`,
        );
      return node.read();
    };
    const labels = Uint32Array.from(numbers(await plane("data")));
    const most = labels.reduce((a, b) => Math.max(a, b), 0);
    if (most > MOST_LABEL)
      throw new UserError(`${path}: roman.data: label ${most}: expected at most ${MOST_LABEL}`);
    return { path, labels, detectionImage: Float32Array.from(numbers(await plane("detection_image"))) };
  } finally {
    await file.close();
  }
}

/** Checks that a file is a segmentation map, without reading its arrays. Throws UserError. */
export async function checkForcedSegmentation(path: string): Promise<void> {
  await (await openSegmentation(path)).close();
}

async function openSegmentation(path: string): Promise<RomanFile> {
  const file = await openRoman(path);
  if (KINDS.includes(file.kind ?? "")) return file;
  await file.close();
  throw new UserError(`${path}: expected a segmentation map (_segm), found ${describeKind(file.kind)}`);
}

function numbers(array: ArrayLike<number> | ArrayLike<bigint>): ArrayLike<number> {
  return typeof array[0] === "bigint"
    ? Array.from(array as ArrayLike<bigint>, Number)
    : (array as ArrayLike<number>);
}
