import { fileURLToPath } from "node:url";
import { type AsdfMap, type AsdfValue, NdArray, openAsdf } from "../../src/host/asdf/index.js";

export type Numbers = ArrayLike<number>;
export type CropPlane = "data" | "err" | "weight" | "var_rnoise" | "var_poisson";
export const CROP_PLANES: readonly CropPlane[] = ["data", "err", "weight", "var_rnoise", "var_poisson"];

export interface Crop {
  readonly y0: number;
  readonly x0: number;
  readonly size: number;
  readonly planes: Readonly<Record<CropPlane, Numbers>>;
  /** [plane][y][x], row-major. */
  readonly context: Numbers;
}

/** What romancal 1.0.1 made of a case: fixtures/NAME/golden.asdf, written by tools/oracle/cases.py. */
export interface Golden {
  readonly sky: readonly number[];
  /** One bit a pixel (the first pixel in the high bit), exposure after exposure: OUTLIER set by outlier_detection. */
  readonly outliers: Uint8Array;
  readonly shape: readonly [ny: number, nx: number];
  /** Means over blocks of 10 x 10 pixels, NaN left out. */
  readonly blocks: Readonly<Record<CropPlane | "covered" | "context", Numbers>>;
  readonly crops: readonly Crop[];
  readonly wcs: { readonly x: Numbers; readonly y: Numbers; readonly ra: Numbers; readonly dec: Numbers };
  readonly meta: AsdfMap;
  readonly segmentation: Numbers;
  readonly detection: Numbers;
  readonly catalog: Readonly<Record<string, Numbers | readonly string[]>>;
}

export const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));

/** Every array of a tree read into memory, bools and 64-bit integers as numbers. */
export async function loaded(node: AsdfValue): Promise<unknown> {
  if (node instanceof NdArray) {
    const array = await node.read();
    return array instanceof BigInt64Array || array instanceof BigUint64Array
      ? Float64Array.from(array, Number)
      : array;
  }
  if (Array.isArray(node)) return Promise.all(node.map(loaded));
  if (typeof node === "object" && node !== null && Object.getPrototypeOf(node) === Object.prototype) {
    const entries = Object.entries(node as AsdfMap);
    const values = await Promise.all(entries.map(([, value]) => loaded(value)));
    return Object.fromEntries(entries.map(([key], i) => [key, values[i]]));
  }
  return node;
}

export async function readGolden(name: string, goldenFile = "golden.asdf"): Promise<Golden> {
  const file = await openAsdf(`${fixtures}${name}/${goldenFile}`);
  const tree = (await loaded(file.tree)) as Record<string, unknown>;
  await file.close();
  const crops = (tree.crops as Record<string, unknown>[]).map(({ y0, x0, context, ...planes }) => ({
    y0: y0 as number,
    x0: x0 as number,
    context: context as Numbers,
    planes: planes as Crop["planes"],
    size: Math.sqrt((planes as Crop["planes"]).data.length),
  }));
  return { ...(tree as unknown as Golden), crops };
}
