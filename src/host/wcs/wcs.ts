import { type AsdfMap, type AsdfValue, copyTree, isMap } from "../asdf/types.js";
import { UserError } from "../errors.js";
import { type BoundingBox, boundingBoxNode, parseBoundingBox } from "./bounding_box.js";
import { NodeReader, readArrays, tagName } from "./numeric_node.js";
import { numericalInverse } from "./numerical_inverse.js";
import { outsideFootprint } from "./outside_footprint.js";
import { parseTransform } from "./parse_transform.js";
import { chain } from "./transforms/compound.js";
import { FitsImaging, type FitsImagingParameters } from "./transforms/fits_imaging.js";
import { evaluateMany, type Transform } from "./transforms/transform.js";

export type { BoundingBox } from "./bounding_box.js";

export interface EvaluateOptions {
  /** gwcs's default, false here: NaN for what lies outside the bounding box. */
  readonly withBoundingBox?: boolean;
}

export interface WcsChanges {
  readonly boundingBox?: BoundingBox;
  readonly arrayShape?: readonly [number, number];
}

/** What a {@link Wcs} says beside its transform. */
export interface WcsParts {
  readonly frames: readonly string[];
  readonly name: string | null;
  readonly boundingBox?: BoundingBox;
  readonly arrayShape?: readonly [number, number];
}

/**
 * A Roman WCS: detector pixel (0-based pixel centres) to the sky (ICRS degrees) and back, in f64, with gwcs 1.0.3's meaning.
 * Made by {@link Wcs.fromAsdf} from any tree of `roman.meta.wcs`, or by makeFitsImagingWcs, skycellWcs, makeOutputWcs.
 */
export class Wcs {
  /** The transform of every step, in order. */
  readonly transform: Transform;
  /** Frame names, the input's first: ["detector", "v2v3", "v2v3vacorr", "world"]. */
  readonly frames: readonly string[];
  readonly name: string | null;
  /** Bounding box of the first transform, x first; undefined where the tree has none. */
  readonly boundingBox: BoundingBox | undefined;
  /** numpy order: [ny, nx]; undefined where the tree's pixel_shape is absent or null. */
  readonly arrayShape: readonly [number, number] | undefined;
  private readonly tree: AsdfMap;
  private backward: Transform | undefined | null = null;

  private constructor(tree: AsdfMap, transform: Transform, init: WcsParts) {
    this.tree = tree;
    this.transform = transform;
    this.frames = init.frames;
    this.name = init.name;
    this.boundingBox = init.boundingBox;
    this.arrayShape = init.arrayShape;
  }

  /**
   * Reads the tree of `roman.meta.wcs` (gwcs 1.x, asdf-astropy). Asynchronous, as coefficients may lie in blocks.
   * @param where what messages call the tree: "FILE: roman.meta.wcs"
   * @throws UserError on anything that is no WCS with two pixel and two sky axes, or a transform we don't know
   */
  static async fromAsdf(node: AsdfValue | undefined, where = "wcs"): Promise<Wcs> {
    if (tagName(node) !== "wcs" || !isMap(node)) throw new UserError(`${where}: expected a gwcs WCS`);
    const arrays = await readArrays(node);
    const steps = new NodeReader(node, where, arrays).list("steps");
    const transforms: Transform[] = [];
    const frames = steps.map((step, i) => {
      const reader = NodeReader.of(step, `${where}.steps[${i}]`, arrays);
      if (reader.has("transform"))
        transforms.push(parseTransform(reader.node.transform, `${reader.where}.transform`, arrays));
      const frame = reader.node.frame;
      return isMap(frame) && typeof frame.name === "string" ? frame.name : String(frame);
    });
    const transform = chain(transforms);
    if (!transform || transform.nInputs !== 2 || transform.nOutputs !== 2)
      throw new UserError(`${where}: expected transforms from two pixel to two sky coordinates`);
    const first = isMap(steps[0]) ? steps[0].transform : undefined;
    return new Wcs(node, transform, {
      frames,
      name: typeof node.name === "string" ? node.name : null,
      boundingBox:
        first === undefined ? undefined : parseBoundingBox(first, `${where}.steps[0].transform`, arrays),
      arrayShape: parsePixelShape(new NodeReader(node, where, arrays)),
    });
  }

  /** A WCS of a tree that the caller has made, with the transform that the tree describes. */
  static fromParts(tree: AsdfMap, transform: Transform, init: WcsParts): Wcs {
    return new Wcs(tree, transform, init);
  }

  /** The tree to write: the very node it was read from or built with. */
  toAsdf(): AsdfMap {
    return this.tree;
  }

  /** The same WCS with another bounding box or shape, here and in the tree that is written. */
  with(changes: WcsChanges): Wcs {
    const tree = copyTree(this.tree);
    if (changes.boundingBox) setBoundingBox(tree, changes.boundingBox);
    if (changes.arrayShape) tree.pixel_shape = [changes.arrayShape[1], changes.arrayShape[0]];
    const { frames, name, boundingBox, arrayShape } = this;
    return new Wcs(tree, this.transform, { frames, name, boundingBox, arrayShape, ...changes });
  }

  /** crpix (0-based), crval, cdelt, pc where the whole forward transform is one FITS-imaging transform, as in a sky cell. */
  get fitsImaging(): FitsImagingParameters | undefined {
    return this.transform instanceof FitsImaging ? this.transform.parameters : undefined;
  }

  /** The tree's nodes of the first and the last frame. */
  get frameNodes(): { input: AsdfValue; output: AsdfValue } {
    const steps = this.tree.steps as AsdfMap[];
    return { input: steps[0].frame, output: steps[steps.length - 1].frame };
  }

  /** One pixel to degrees. */
  forward(x: number, y: number, options?: EvaluateOptions): [ra: number, dec: number] {
    const out = this.forwardMany(Float64Array.of(x), Float64Array.of(y), options);
    return [out.ra[0], out.dec[0]];
  }

  /** One position in degrees to pixels. */
  inverse(ra: number, dec: number, options?: EvaluateOptions): [x: number, y: number] {
    const out = this.inverseMany(Float64Array.of(ra), Float64Array.of(dec), options);
    return [out.x[0], out.y[0]];
  }

  /** Pixels to degrees, new arrays; gwcs's `wcs(x, y)`. */
  forwardMany(
    x: Float64Array,
    y: Float64Array,
    options?: EvaluateOptions,
  ): { ra: Float64Array; dec: Float64Array } {
    const [ra, dec] = evaluateMany(this.transform, [x, y]);
    const box = options?.withBoundingBox ? this.boundingBox : undefined;
    if (box)
      for (let i = 0; i < x.length; i++)
        if (outside(box[0], x[i]) || outside(box[1], y[i])) ra[i] = dec[i] = NaN;
    return { ra, dec };
  }

  /** Degrees to pixels, new arrays; gwcs's `wcs.invert(ra, dec)`: given, analytic or numerical inverse. */
  inverseMany(
    ra: Float64Array,
    dec: Float64Array,
    options?: EvaluateOptions,
  ): { x: Float64Array; y: Float64Array } {
    const box = options?.withBoundingBox ? this.boundingBox : undefined;
    const sky = box ? outsideFootprint(this.footprint(), ra, dec) : { ra, dec };
    const { x, y } = this.invert(sky.ra, sky.dec);
    if (box)
      for (let i = 0; i < x.length; i++) {
        if (outside(box[0], x[i])) x[i] = NaN;
        if (outside(box[1], y[i])) y[i] = NaN;
      }
    return { x, y };
  }

  private invert(ra: Float64Array, dec: Float64Array): { x: Float64Array; y: Float64Array } {
    if (this.backward === null) this.backward = this.transform.inverse();
    if (!this.backward) return numericalInverse(this.transform, [ra, dec], this.middle());
    const [x, y] = evaluateMany(this.backward, [ra, dec]);
    return { x, y };
  }

  private middle(): [number, number] {
    const [ny, nx] = this.arrayShape ?? [1, 1];
    const [[x0, x1], [y0, y1]] = this.boundingBox ?? [
      [0, nx - 1],
      [0, ny - 1],
    ];
    return [(x0 + x1) / 2, (y0 + y1) / 2];
  }

  /**
   * gwcs `footprint()`: the corners of the bounding box on the sky, in the order (x0, y0), (x0, y1), (x1, y1), (x1, y0).
   * @param options.boundingBox instead of the WCS's own
   * @param options.center the centres of the corner pixels instead (half a pixel rounds up)
   * @throws UserError if there is no bounding box
   */
  footprint(options: { boundingBox?: BoundingBox; center?: boolean } = {}): {
    ra: Float64Array;
    dec: Float64Array;
  } {
    const box = options.boundingBox ?? this.boundingBox;
    if (!box) throw new UserError("wcs: the footprint needs a bounding box, and this WCS has none");
    const at = (value: number): number => (options.center ? Math.floor(value + 0.5) : value);
    const [[x0, x1], [y0, y1]] = box.map((range) => range.map(at));
    return this.forwardMany(Float64Array.of(x0, x0, x1, x1), Float64Array.of(y0, y1, y1, y0));
  }
}

function outside([lower, upper]: readonly [number, number], value: number): boolean {
  return value < lower || value > upper;
}

function parsePixelShape(reader: NodeReader): [number, number] | undefined {
  if (!reader.has("pixel_shape")) return undefined;
  const [nx, ny] = reader.pair("pixel_shape");
  return [ny, nx];
}

function setBoundingBox(tree: AsdfMap, box: BoundingBox): void {
  const transform = (tree.steps as AsdfMap[])[0].transform as AsdfMap;
  transform.bounding_box = boundingBoxNode(box, transform.inputs as string[]);
}
