import { type AsdfMap, type AsdfValue, float, isMap, withTag } from "../asdf/types.js";
import { UserError } from "../errors.js";
import { type ArrayValues, NodeReader, tagName } from "./numeric_node.js";

/** ((x lower, x upper), (y lower, y upper)) in pixels, 0-based centres: a pixel i covers i - 0.5 ... i + 0.5. */
export type BoundingBox = readonly [x: readonly [number, number], y: readonly [number, number]];

/** The box of the pixels 0 ... nx - 1, 0 ... ny - 1, edges included (stcal wcs_bbox_from_shape). */
export function boundingBoxOfShape([ny, nx]: readonly [number, number]): BoundingBox {
  return [
    [-0.5, nx - 0.5],
    [-0.5, ny - 0.5],
  ];
}

/**
 * `bounding_box` of the first transform: a tagged property with an interval for each input by its name, or (before
 * transform schemas 1.5) a bare list of ranges, the last input's first ("C" order).
 */
export function parseBoundingBox(
  transform: AsdfValue,
  where: string,
  arrays: ArrayValues,
): BoundingBox | undefined {
  if (!isMap(transform) || transform.bounding_box === undefined || transform.bounding_box === null)
    return undefined;
  const reader = new NodeReader(transform, where, arrays);
  if (Array.isArray(transform.bounding_box)) {
    const { values: v } = reader.numbers("bounding_box", [2, 2]);
    return [
      [v[2], v[3]],
      [v[0], v[1]],
    ];
  }
  if (tagName(transform.bounding_box) !== "bounding_box")
    throw reader.wrong("bounding_box", "a plain bounding box");
  const inputs = reader.list("inputs");
  const intervals = reader.child("bounding_box").child("intervals");
  const [x, y] = inputs.map((name) => {
    if (typeof name !== "string") throw reader.wrong("inputs", "names");
    return intervals.has(name) ? intervals.pair(name) : ([-Infinity, Infinity] as [number, number]);
  });
  if (!x || !y) throw new UserError(`${where}.bounding_box: expected intervals for two inputs`);
  return [x, y];
}

/** The node that asdf-astropy writes for a box over the inputs of the given names. */
export function boundingBoxNode(box: BoundingBox, inputs: readonly string[]): AsdfMap {
  const intervals: AsdfMap = {};
  inputs.forEach((name, i) => {
    intervals[name] = [float(box[i][0]), float(box[i][1])];
  });
  return withTag("!transform/property/bounding_box-1.2.0", { ignore: [], intervals, order: "F" });
}
