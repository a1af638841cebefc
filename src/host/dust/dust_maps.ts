import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.js";
import { FitsImage } from "../fits/fits_image.js";
import { type Direction, galacticDirection } from "./galactic.js";
import { SplineWindow } from "./spline_window.js";
import { type ToPixel, zeaPlane } from "./zea.js";

const EXPECTED = "expected a folder with the two maps, or NORTH.fits,SOUTH.fits";
const POLES = [
  { name: "north", words: /ngp|north/i, latitude: 90 },
  { name: "south", words: /sgp|south/i, latitude: -90 },
] as const;

interface DustMap {
  readonly image: FitsImage;
  readonly toPixel: ToPixel;
}

/**
 * Reddening E(B-V) from two maps in FITS files, one a galactic hemisphere, as Schlegel, Finkbeiner & Davis (1998) give them:
 * cubic spline interpolation in the map of the position's hemisphere (romancal 1.0.1 source_catalog/_source_catalog.py
 * _get_dust_ebv).
 */
export class DustMaps {
  private constructor(
    private readonly north: DustMap,
    private readonly south: DustMap,
  ) {}

  /**
   * @param place a folder with one `*ngp*.fits` or `*north*.fits` and one `*sgp*.fits` or `*south*.fits` (where there are more, those with "dust" in
   * their names), or "NORTH.fits,SOUTH.fits"
   * @throws UserError where a map is missing, unreadable or not of its hemisphere
   */
  static async open(place: string): Promise<DustMaps> {
    const paths = await mapPaths(place);
    const images: FitsImage[] = [];
    try {
      for (const path of paths) images.push(await FitsImage.open(path));
      const [north, south] = images.map((image, i) => mapOf(image, POLES[i]));
      return new DustMaps(north, south);
    } catch (error) {
      await Promise.all(images.map((image) => image.close()));
      throw error;
    }
  }

  /** E(B-V) in magnitudes at ICRS positions in degrees; NaN where a position is not finite. */
  async ebv(ra: ArrayLike<number>, dec: ArrayLike<number>): Promise<Float32Array> {
    const values = new Float32Array(ra.length).fill(NaN);
    const directions = Array.from(ra, (_, i) => galacticDirection(ra[i], dec[i]));
    for (const [map, wanted] of [
      [this.north, (z: number): boolean => z >= 0],
      [this.south, (z: number): boolean => z < 0],
    ] as const) {
      const rows = directions.flatMap(([, , z], i) => (wanted(z) ? [i] : []));
      if (rows.length === 0) continue;
      const found = await interpolate(
        map,
        rows.map((i) => directions[i]),
      );
      rows.forEach((i, k) => (values[i] = found[k]));
    }
    return values;
  }

  async close(): Promise<void> {
    await this.north.image.close();
    await this.south.image.close();
  }
}

function mapOf(image: FitsImage, { name, latitude }: (typeof POLES)[number]): DustMap {
  const toPixel = zeaPlane(image);
  const found = image.header.get("CRVAL2");
  if (found !== latitude)
    throw new UserError(
      `${image.path}: CRVAL2 = ${String(found)}: expected ${latitude}, the map about the ${name} galactic pole`,
    );
  return { image, toPixel };
}

async function interpolate({ image, toPixel }: DustMap, directions: readonly Direction[]): Promise<number[]> {
  const points = directions.map(toPixel);
  const window = await SplineWindow.around(image, points);
  return points.map(([x, y]) => window.at(x, y));
}

async function mapPaths(place: string): Promise<string[]> {
  if (place.includes(",")) {
    const paths = place.split(",").map((path) => path.trim());
    if (paths.length === 2 && paths.every(Boolean)) return paths;
    throw new UserError(`--dust-maps=${place}: ${EXPECTED}`);
  }
  const found = await stat(place).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`--dust-maps=${place}: cannot be read (${error.code}); ${EXPECTED}`);
  });
  if (!found.isDirectory()) throw new UserError(`--dust-maps=${place}: is one file; ${EXPECTED}`);
  const files = (await readdir(place)).filter((name) => /\.fits?$/i.test(name)).sort();
  return POLES.map(({ name, words }) => {
    const fitting = files.filter((file) => words.test(file));
    const dust = fitting.length > 1 ? fitting.filter((file) => /dust/i.test(file)) : fitting;
    if (dust.length === 1) return join(place, dust[0]);
    const what = fitting.length
      ? `several maps of the ${name} (${fitting.join(", ")})`
      : `no map of the ${name}`;
    throw new UserError(`--dust-maps=${place}: ${what}; ${EXPECTED}`);
  });
}
