import { basename } from "node:path";
import { UserError } from "../errors.js";
import {
  type AsdfMap,
  type NumericDatatype,
  type TypedArray,
  NdArray,
  copyTree,
  isMap,
  tagOf,
  withTag,
} from "../asdf/index.js";
import { Wcs } from "../wcs/index.js";
import { fileDateNode } from "./file_date.js";
import { describeKind, kindOf, openRoman } from "./roman_file.js";
import { Metadata } from "./tree.js";

export type PlaneName = "data" | "err" | "dq" | "var_poisson" | "var_rnoise" | "var_flat";

/** One array of an image; float16 comes as raw bits in Uint16Array. */
export interface PlaneSource {
  readonly shape: readonly number[];
  /** ASDF name: "float32", "float16", "uint32". */
  readonly datatype: string;
  read(): Promise<TypedArray>;
  /** `length` (all that follow) of the bytes of what `read` gives, from `start` on; a piece is good until the next is asked for. */
  pieces(start?: number, length?: number): AsyncIterable<Uint8Array>;
}

const TAG = "asdf://stsci.edu/datamodels/roman/tags/wfi_image-2.0.0";
const DISPERSED = ["PRISM", "GRISM"];
const HALF_PLANES: readonly PlaneName[] = ["err", "var_poisson", "var_rnoise", "var_flat"];

/** Arrays of an exposure held in memory, row-major, ny rows of nx. Uint16Array: float16 as raw bits. */
export interface ImageArrays {
  readonly shape: readonly [ny: number, nx: number];
  readonly data: Float32Array;
  readonly err: Float32Array | Uint16Array;
  readonly dq: Uint32Array;
  readonly var_poisson: Float32Array | Uint16Array;
  readonly var_rnoise?: Float32Array | Uint16Array;
  readonly var_flat?: Float32Array | Uint16Array;
}

/**
 * A calibrated image of the Wide Field Instrument (L2, `_cal`; roman_datamodels ImageModel). Its metadata is in memory, its
 * arrays are read when asked for.
 */
export class WfiImage {
  private readonly replaced = new Map<PlaneName, PlaneSource & { readonly array: NdArray }>();

  private constructor(
    /** Path, or the name that messages use. */
    readonly source: string,
    /** The `roman` node. */
    readonly tree: AsdfMap,
    readonly wcs: Wcs,
    /** [ny, nx] */
    readonly shape: readonly [number, number],
    private readonly release: () => Promise<void>,
  ) {}

  /** Opens a `_cal` file. Reads its tree alone. Throws UserError where it is not a calibrated image that can go into a mosaic. */
  static async open(path: string): Promise<WfiImage> {
    const file = await openRoman(path);
    try {
      return await WfiImage.make(path, file.roman, file.close);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** An image from the `roman` node of a tree in memory. Throws UserError as {@link open}. */
  static fromTree(roman: AsdfMap, name = "image"): Promise<WfiImage> {
    return WfiImage.make(name, roman, () => Promise.resolve());
  }

  /**
   * An image from typed arrays. `meta` is the ASDF tree of `roman.meta`: at least filename, wcs, wcsinfo, photometry, exposure,
   * instrument, observation and cal_step are needed by the steps, each of which tells what it lacks.
   */
  static fromArrays(arrays: ImageArrays, meta: AsdfMap): Promise<WfiImage> {
    const roman: AsdfMap = withTag(TAG, { meta });
    const { shape, ...planes } = arrays;
    for (const [name, array] of Object.entries(planes)) {
      if (array)
        roman[name] = NdArray.from(array, shape, array instanceof Uint16Array ? "float16" : undefined);
    }
    const name = isMap(meta) && typeof meta.filename === "string" ? meta.filename : "image";
    return WfiImage.make(name, roman, () => Promise.resolve());
  }

  private static async make(source: string, roman: AsdfMap, release: () => Promise<void>): Promise<WfiImage> {
    const kind = kindOf(roman);
    if (kind !== "wfi_image")
      throw new UserError(`${source}: expected a calibrated image (L2, _cal), found ${describeKind(kind)}`);
    const meta = metadataOf(source, roman);
    const element = meta.string("instrument.optical_element");
    if (DISPERSED.includes(element.toUpperCase()))
      throw new UserError(
        `${source}: a ${element} exposure (roman.meta.instrument.optical_element) cannot go into a mosaic; expected an imaging filter`,
      );
    const { data } = roman;
    if (!(data instanceof NdArray) || data.shape.length !== 2 || data.shape.includes(0))
      throw new UserError(`${source}: roman.data: expected an image with rows and columns`);
    if (meta.root.wcs === undefined || meta.root.wcs === null)
      throw new UserError(
        `${source}: roman.meta.wcs is missing; expected an exposure that assign_wcs has run on`,
      );
    const wcs = await Wcs.fromAsdf(meta.root.wcs, `${source}: roman.meta.wcs`);
    return new WfiImage(source, roman, wcs, [data.shape[0], data.shape[1]], release);
  }

  /** The tree of `roman.meta`; steps change it in place. */
  get meta(): AsdfMap {
    return this.tree.meta as AsdfMap;
  }

  /** Typed reading of {@link meta}; messages name the file. */
  get metadata(): Metadata {
    return metadataOf(this.source, this.tree);
  }

  /** `meta.filename`, else the file's own name. */
  get filename(): string {
    const { filename } = this.meta;
    return typeof filename === "string" ? filename : basename(this.source);
  }

  /** Group from the association, where it names one. */
  memberGroup: string | undefined;

  /**
   * Exposures of one group are drizzled together: the association's group_id, else `meta.group_id`, else
   * `meta.observation.observation_id`; undefined: a group of its own. Source: romancal 1.0.1 datamodels/library.py.
   */
  get ownGroup(): string | undefined {
    const { metadata } = this;
    return (
      this.memberGroup ??
      metadata.optionalString("group_id") ??
      metadata.optionalString("observation.observation_id")
    );
  }

  /** {@link ownGroup}, else `exposure0001` and so on by {@link memberIndex}. */
  get groupId(): string {
    return this.ownGroup ?? `exposure${String(this.memberIndex + 1).padStart(4, "0")}`;
  }

  /** Place in the association, from 0. */
  memberIndex = 0;

  /** An array by name; undefined where the file has none. */
  plane(name: PlaneName): PlaneSource | undefined {
    const replaced = this.replaced.get(name);
    if (replaced) return replaced;
    const node = this.tree[name];
    if (!(node instanceof NdArray)) return undefined;
    const datatype = typeof node.datatype === "string" ? node.datatype : "structured";
    return { shape: node.shape, datatype, read: () => node.read(), pieces: node.pieces.bind(node) };
  }

  /** Replaces an array, row-major in the image's shape; Uint16Array: float16 as raw bits. The file is not changed. */
  setPlane(name: PlaneName, array: Float32Array | Uint16Array | Uint32Array): void {
    const datatype: NumericDatatype =
      array instanceof Uint16Array ? "float16" : array instanceof Uint32Array ? "uint32" : "float32";
    if (datatype === "float16" && !HALF_PLANES.includes(name))
      throw new UserError(`${this.filename}: ${name} cannot be float16`);
    const node = NdArray.from(array, this.shape, datatype);
    const read = (): Promise<TypedArray> => node.read();
    this.replaced.set(name, {
      shape: this.shape,
      datatype,
      read,
      pieces: node.pieces.bind(node),
      array: node,
    });
  }

  /** The arrays in memory, as the steps left them. */
  async arrays(): Promise<ImageArrays> {
    const get = async (name: PlaneName): Promise<TypedArray | undefined> => this.plane(name)?.read();
    const [data, err, dq, var_poisson, var_rnoise, var_flat] = await Promise.all(
      (["data", "err", "dq", "var_poisson", "var_rnoise", "var_flat"] as const).map(get),
    );
    return { shape: this.shape, data, err, dq, var_poisson, var_rnoise, var_flat } as ImageArrays;
  }

  /** The tree to write under a file name: the arrays as the steps left them. `calLogs` are added to the exposure's own. */
  toAsdf(filename = this.filename, calLogs: readonly string[] = []): AsdfMap {
    const meta = Object.assign(copyTree(this.meta), { filename, file_date: fileDateNode() });
    const own = Array.isArray(meta.cal_logs) ? meta.cal_logs : [];
    if (calLogs.length) meta.cal_logs = [...own, ...calLogs];
    const roman: AsdfMap = withTag(tagOf(this.tree) ?? TAG, { ...this.tree, meta });
    for (const [name, { array }] of this.replaced) roman[name] = array;
    return { roman };
  }

  /** Lets go of the file; arrays not read can no longer be. */
  close(): Promise<void> {
    return this.release();
  }
}

function metadataOf(source: string, roman: AsdfMap): Metadata {
  if (!isMap(roman.meta)) throw new UserError(`${source}: roman.meta is missing; expected a mapping`);
  return new Metadata(source, roman.meta, "roman.meta");
}
