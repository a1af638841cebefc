import { readFileSync } from "node:fs";
import { ArrayMap } from "../../src/host/wcs/pixmap.js";
import { fixture } from "./cli.js";

/** null is NaN. */
type Numbers = readonly (number | null)[];

/** What drizzle 2.2.0's C code makes of a few inputs on one map (fixtures/drizzle/make.py, make_kernels.py). */
export interface DrizzleGolden {
  readonly name: string;
  readonly nx: number;
  readonly ny: number;
  /** [ny, nx] of the output. */
  readonly out: [number, number];
  /** Output x and y of an input pixel: six coefficients each, of 1, x, y, x^2, xy, y^2. */
  readonly map: readonly (readonly number[])[];
  readonly pixfrac: number;
  /** x0, x1, y0, y1 of the input pixels that count; null: all. */
  readonly section: readonly number[] | null;
  readonly inputs: readonly { data: Numbers; weight: number[]; dq: number[] }[];
  readonly data: Numbers;
  readonly weight: readonly number[];
  readonly context: readonly number[];
  readonly dq: readonly number[];
}

export interface KernelGolden extends DrizzleGolden {
  readonly kernel: string;
  readonly ratio: number;
}

export function drizzleGoldens<T extends DrizzleGolden = DrizzleGolden>(file: string): T[] {
  return JSON.parse(readFileSync(fixture(`drizzle/${file}`), "utf8")) as T[];
}

export function goldenMap({ nx, ny, map, section }: DrizzleGolden): ArrayMap {
  const plane = (k: readonly number[]): Float64Array =>
    Float64Array.from({ length: nx * ny }, (_, p) => {
      const [x, y] = [p % nx, Math.floor(p / nx)];
      return k[0] + k[1] * x + k[2] * y + k[3] * x * x + k[4] * x * y + k[5] * y * y;
    });
  const [x0, x1, y0, y1] = section ?? [0, nx - 1, 0, ny - 1];
  return new ArrayMap(nx, ny, plane(map[0]), plane(map[1]), { x0, x1, y0, y1 });
}
