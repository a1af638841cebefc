import { UserError } from "../../host/errors.js";
import {
  calcPixmap,
  type MapWcs,
  type PixelMap,
  type PixmapOptions,
  resampleRange,
} from "../../host/wcs/pixmap.js";
import { scanLimits } from "../../host/wcs/scanner.js";
import { type TileTables, tileTables } from "../../host/wcs/tiles.js";

export interface DrizzleOptions extends PixmapOptions {
  /** Side of the shrunken input pixel, input pixels; more than 0.001 and at most 1. */
  readonly pixfrac: number;
  /** "square"; other kernels of drizzle are not written yet. */
  readonly kernel: string;
}

const KERNELS = ["square", "gaussian", "point", "turbo", "lanczos2", "lanczos3"];

/** Throws UserError for a kernel or a pixfrac that this drizzle cannot do. */
export function checkDrizzleOptions({ kernel, pixfrac }: Pick<DrizzleOptions, "kernel" | "pixfrac">): void {
  const name = kernel.toLowerCase();
  if (!KERNELS.includes(name))
    throw new UserError(`kernel "${kernel}": expected one of ${KERNELS.join(", ")}`);
  if (name !== "square") throw new UserError(`kernel "${kernel}" is not supported yet; use kernel "square"`);
  if (!(pixfrac > 0.001 && pixfrac <= 1))
    throw new UserError(`pixfrac ${pixfrac}: expected more than 0.001 and at most 1`);
}

/**
 * How one exposure lies in the mosaic: its pixel map, the pixels that drizzle visits and the tile tables of the gather kernels,
 * for the whole mosaic, so that any band of it comes out the same.
 */
export class ExposureGeometry {
  /** Inclusive column limits of each input row, two a row; empty where the second is smaller. */
  readonly limits: Int32Array;
  readonly tables: TileTables;
  private allGeneral: TileTables | undefined;
  private covering: TileTables | undefined;

  /** `outShape`: [ny, nx] of the whole mosaic; `range`: stcal's resample_range. */
  constructor(
    readonly map: PixelMap,
    readonly outShape: readonly [number, number],
    range: Parameters<typeof scanLimits>[2],
    readonly pixfrac: number,
  ) {
    this.limits = withinSection(scanLimits(map, outShape, range), map);
    this.tables = tileTables(map, outShape, { pixfrac });
  }

  /** Geometry of an image of `shape` [ny, nx] with the WCS `from` in a mosaic of `outShape` with the WCS `to`. */
  static of(
    from: MapWcs,
    to: MapWcs,
    shape: readonly [number, number],
    outShape: readonly [number, number],
    options: DrizzleOptions,
  ): ExposureGeometry {
    checkDrizzleOptions(options);
    const map = calcPixmap(from, to, shape, options);
    return new ExposureGeometry(map, outShape, resampleRange(shape, from.boundingBox), options.pixfrac);
  }

  /** All tiles as records of the general kernel. */
  get complete(): TileTables {
    if (this.tables.fast.words.length === 0) return this.tables;
    this.allGeneral ??= tileTables(this.map, this.outShape, { pixfrac: this.pixfrac, fast: false });
    return this.allGeneral;
  }

  /** All tiles as records of the general kernel for whole pixels. */
  get whole(): TileTables {
    if (this.pixfrac === 1) return this.complete;
    this.covering ??= tileTables(this.map, this.outShape, { pixfrac: 1, fast: false });
    return this.covering;
  }
}

/** Pixels next to one without a position have no corners: drizzle skips them. */
function withinSection(limits: Int32Array, map: PixelMap): Int32Array {
  const { x0, x1, y0, y1 } = map.section;
  const left = x0 > 0 ? x0 + 1 : 0;
  const right = x1 < map.nx - 1 ? x1 - 1 : map.nx - 1;
  const bottom = y0 > 0 ? y0 + 1 : 0;
  const top = y1 < map.ny - 1 ? y1 - 1 : map.ny - 1;
  return limits.map((limit, k) => {
    const j = k >> 1;
    if (j < bottom || j > top) return k & 1 ? -1 : 0;
    return k & 1 ? Math.min(limit, right) : Math.max(limit, left);
  });
}

const NO_POSITION = -2147483648;

/** The map of each pixel as fixed-point pairs, modulo 2^32, for maps that no quadratic a tile follows. */
export function fixedPointMap(map: PixelMap, fractionBits: number): Int32Array {
  const words = new Int32Array(2 * map.nx * map.ny);
  const at = [0, 0];
  const unit = 2 ** fractionBits;
  for (let j = 0, k = 0; j < map.ny; j++) {
    for (let i = 0; i < map.nx; i++, k += 2) {
      map.pixel(i, j, at);
      for (const c of [0, 1]) {
        const value = Math.round(at[c] * unit);
        const wrapped = (value - 4294967296 * Math.floor(value / 4294967296)) | 0;
        words[k + c] = !Number.isFinite(at[0] + at[1]) ? NO_POSITION : Math.max(wrapped, NO_POSITION + 1);
      }
    }
  }
  return words;
}
