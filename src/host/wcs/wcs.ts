import { UserError } from "../errors.js";

/** ((x lower, x upper), (y lower, y upper)) in pixels, 0-based centres: a pixel i covers i - 0.5 ... i + 0.5. */
export type BoundingBox = [[number, number], [number, number]];

/**
 * A Roman WCS: detector pixel (0-based pixel centres) to the sky (ICRS degrees) and back, in f64; gwcs 1.0.3 semantics.
 * Made by {@link Wcs.fromAsdf} (any tree of `roman.meta.wcs`) or by the builders in fits_imaging.ts, skycell.ts, output.ts.
 */
export class Wcs {
  /** `name` of the tree; null where the file says null. */
  name: string | null = null;
  /** Bounding box of the forward transform, x first; undefined where none is given. Assigning it changes what toAsdf writes. */
  boundingBox: BoundingBox | undefined;
  /** numpy order: [ny, nx]; undefined where the tree has no pixel_shape. */
  arrayShape: [number, number] | undefined;

  /** Reads the tree of `roman.meta.wcs`; asynchronous since coefficients may lie in blocks. Throws UserError on a transform we don't know. */
  static fromAsdf(_node: unknown): Promise<Wcs> {
    return Promise.reject(new UserError("Wcs.fromAsdf: not yet written"));
  }

  /** The tree to write: the very node it was read from, or romancal's tree for a WCS we built. */
  toAsdf(): unknown {
    throw new UserError("Wcs.toAsdf: not yet written");
  }

  /** One point; no bounding box applied. Pixels in, degrees out. */
  forward(x: number, y: number): [ra: number, dec: number] {
    const out = this.forwardMany(Float64Array.of(x), Float64Array.of(y));
    return [out.ra[0], out.dec[0]];
  }

  /** One point; degrees in, pixels out; no bounding box applied. */
  inverse(ra: number, dec: number): [x: number, y: number] {
    const out = this.inverseMany(Float64Array.of(ra), Float64Array.of(dec));
    return [out.x[0], out.y[0]];
  }

  /** Pixels to degrees, new arrays. `withBoundingBox` (default false): NaN outside {@link boundingBox}, as gwcs' default does. */
  forwardMany(
    _x: Float64Array,
    _y: Float64Array,
    _options?: { withBoundingBox?: boolean },
  ): { ra: Float64Array; dec: Float64Array } {
    throw new UserError("Wcs.forwardMany: not yet written");
  }

  /** Degrees to pixels, new arrays. `withBoundingBox` (default false): NaN where the pixel lies outside {@link boundingBox}. */
  inverseMany(
    _ra: Float64Array,
    _dec: Float64Array,
    _options?: { withBoundingBox?: boolean },
  ): { x: Float64Array; y: Float64Array } {
    throw new UserError("Wcs.inverseMany: not yet written");
  }

  /**
   * gwcs `footprint()`: the four corners of the bounding box on the sky, counter-clockwise from the lower left in (x, y):
   * (x0,y0), (x0,y1), (x1,y1), (x1,y0). `center` (default false): at the centres of the edge pixels, as gwcs does.
   */
  footprint(_options?: { center?: boolean; boundingBox?: BoundingBox }): {
    ra: Float64Array;
    dec: Float64Array;
  } {
    throw new UserError("Wcs.footprint: not yet written");
  }
}
