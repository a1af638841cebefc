import { UserError } from "../errors.js";
import type { FitsImage } from "../fits/fits_image.js";
import { type Direction, direction } from "./galactic.js";

const DEGREE = Math.PI / 180;

/** Where a galactic direction falls in an image: 0-based pixel centres. */
export type ToPixel = (galactic: Direction) => [x: number, y: number];

/**
 * The pixel positions of a map in zenithal equal-area projection of galactic coordinates (Lambert; Calabretta & Greisen 2002,
 * section 5.1.7): R = 2 sin(c / 2) radians, c the distance from CRVAL. Throws UserError for another projection.
 */
export function zeaPlane({ path, header }: FitsImage): ToPixel {
  for (const [key, type] of [
    ["CTYPE1", "GLON-ZEA"],
    ["CTYPE2", "GLAT-ZEA"],
  ])
    if (header.get(key) !== type)
      throw new UserError(`${path}: ${key} = ${String(header.get(key))}: expected ${type}`);
  const number = (key: string, otherwise: number): number => {
    const value = header.get(key) ?? otherwise;
    if (typeof value === "number") return value;
    throw new UserError(`${path}: ${key} = ${String(value)}: expected a number`);
  };
  const [longitude, latitude] = [number("CRVAL1", 0), number("CRVAL2", 0)];
  const longitudeOfPole = number("LONPOLE", latitude >= 90 ? 0 : 180) * DEGREE;
  const pole = direction(longitude, latitude);
  const east = direction(longitude + 90, 0);
  const north = direction(longitude, latitude + 90);
  const inverse = inverseLinear(path, header, number);
  const crpix = [number("CRPIX1", 0), number("CRPIX2", 0)];
  return (galactic) => {
    const dot = (axis: Direction): number =>
      galactic[0] * axis[0] + galactic[1] * axis[1] + galactic[2] * axis[2];
    const radius = Math.hypot(...galactic.map((value, i) => value - pole[i])) / DEGREE;
    const phi = longitudeOfPole + Math.atan2(-dot(east), dot(north));
    const [u, v] = [radius * Math.sin(phi), -radius * Math.cos(phi)];
    return [crpix[0] - 1 + inverse[0] * u + inverse[1] * v, crpix[1] - 1 + inverse[2] * u + inverse[3] * v];
  };
}

/** The inverse of the CD matrix, or of PC with CDELT, row by row. */
function inverseLinear(
  path: string,
  header: FitsImage["header"],
  number: (key: string, otherwise: number) => number,
): readonly [number, number, number, number] {
  const hasCd = ["CD1_1", "CD1_2", "CD2_1", "CD2_2"].some((key) => header.has(key));
  const element = (i: number, j: number): number =>
    hasCd ? number(`CD${i}_${j}`, 0) : number(`CDELT${i}`, 1) * number(`PC${i}_${j}`, i === j ? 1 : 0);
  const [a, b, c, d] = [element(1, 1), element(1, 2), element(2, 1), element(2, 2)];
  const determinant = a * d - b * c;
  if (!determinant) throw new UserError(`${path}: its CD matrix (or CDELT) has no inverse`);
  return [d / determinant, -b / determinant, -c / determinant, a / determinant];
}
