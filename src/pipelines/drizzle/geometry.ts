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
import { kernelName, type Spread, spreadOf } from "./spread.js";

export interface DrizzleOptions extends PixmapOptions {
  /** Side of the shrunken input pixel, input pixels; 0 to 1, up to 0.001 means the point kernel. */
  readonly pixfrac: number;
  /** One of drizzle's: square, gaussian, point, turbo, lanczos2, lanczos3. */
  readonly kernel: string;
  /** Output over input pixel scale, for the size of kernels other than square; 1 without it. */
  readonly pixelScaleRatio?: number;
}

/** Throws UserError for a kernel that is none or a pixfrac that makes no sense. */
export function checkDrizzleOptions({ kernel, pixfrac }: Pick<DrizzleOptions, "kernel" | "pixfrac">): void {
  kernelName(kernel);
  if (!(pixfrac >= 0 && pixfrac <= 1)) throw new UserError(`pixfrac ${pixfrac}: expected 0 to 1`);
}

/**
 * How one exposure lies in the mosaic: its pixel map, the pixels that drizzle visits and the tile tables of the gather kernels,
 * for the whole mosaic, so that any band of it comes out the same.
 */
export class ExposureGeometry {
  /** Inclusive column limits of each input row, two a row; empty where the second is smaller. */
  readonly limits: Int32Array;
  readonly tables: TileTables;
  /** The kernel, where it is not square. */
  readonly spread: Spread | undefined;
  /** The kernel of the exposure time, which has pixfrac 1. */
  readonly wholeSpread: Spread | undefined;
  private allGeneral: TileTables | undefined;
  private covering: TileTables | undefined;

  /** `outShape`: [ny, nx] of the whole mosaic; `range`: stcal's resample_range. */
  constructor(
    readonly map: PixelMap,
    readonly outShape: readonly [number, number],
    range: Parameters<typeof scanLimits>[2],
    readonly pixfrac: number,
    kernel = "square",
    pixelScaleRatio = 1,
  ) {
    const name = kernelName(kernel);
    this.spread = spreadOf(name, pixfrac, pixelScaleRatio);
    this.wholeSpread = spreadOf(name, 1, pixelScaleRatio);
    this.limits = withinSection(scanLimits(map, outShape, range), map, this.spread ? 0 : 1);
    this.tables = this.tablesOf(this.spread, this.spread ? 0 : pixfrac, !this.spread);
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
    return new ExposureGeometry(
      map,
      outShape,
      resampleRange(shape, from.boundingBox),
      options.pixfrac,
      options.kernel,
      options.pixelScaleRatio,
    );
  }

  /** All tiles as records of the general kernel. */
  get complete(): TileTables {
    if (this.tables.fast.words.length === 0) return this.tables;
    this.allGeneral ??= this.tablesOf(this.spread, this.spread ? 0 : this.pixfrac, false);
    return this.allGeneral;
  }

  /** All tiles as records of the general kernel for whole pixels. */
  get whole(): TileTables {
    if (this.pixfrac === 1) return this.complete;
    this.covering ??= this.tablesOf(this.wholeSpread, this.wholeSpread ? 0 : 1, false);
    return this.covering;
  }

  /**
   * Whether the gather must read the map: no quadratic follows it; lanczos, whose table turns 1e-8 of a pixel into 1e-3 of a weight; or
   * the square kernel for the exposure time alone, as the row limits then leave in pixels that have no corners.
   */
  get mapped(): boolean {
    const { tables, spread, wholeSpread } = this;
    return tables.mapped || (spread !== undefined && (!wholeSpread || wholeSpread.perPixel > 0));
  }

  private tablesOf(spread: Spread | undefined, pixfrac: number, fast: boolean): TileTables {
    const radius = Math.max(spread?.radius ?? 0.5, this.wholeSpread?.radius ?? 0.5); // of both: they share the pixel map's units
    return tileTables(this.map, this.outShape, { pixfrac, fast, radius });
  }
}

/** Pixels without a position are skipped; those next to one (`margin` 1) have no corners, which the square kernel needs. */
function withinSection(limits: Int32Array, map: PixelMap, margin: 0 | 1): Int32Array {
  const { x0, x1, y0, y1 } = map.section;
  const left = x0 > 0 ? x0 + margin : 0;
  const right = x1 < map.nx - 1 ? x1 - margin : map.nx - 1;
  const bottom = y0 > 0 ? y0 + margin : 0;
  const top = y1 < map.ny - 1 ? y1 - margin : map.ny - 1;
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
