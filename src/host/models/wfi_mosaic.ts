import { UserError } from "../errors.js";
import {
  type AsdfMap,
  type AsdfValue,
  type Compression,
  FrameStore,
  NdArray,
  copyTree,
  isMap,
  withTag,
} from "../asdf/index.js";
import type { Association } from "./association.js";
import { Wcs } from "../wcs/index.js";
import { blendMetadata, floats } from "./blend.js";
import { fileDateNode } from "./file_date.js";
import { describeKind, openRoman } from "./roman_file.js";
import { Metadata } from "./tree.js";
import { SOFTWARE_NAME, SOFTWARE_VERSION } from "./version.js";
import type { WfiImage } from "./wfi_image.js";

const TAG = "asdf://stsci.edu/datamodels/roman/tags/wfi_mosaic-2.0.0";
const MOSAIC_PLANES = ["data", "err", "weight", "var_poisson", "var_rnoise"] as const;
/** Planes that an option of resample adds. */
const EXTRA_PLANES: readonly string[] = ["var_flat", "dq"];

/** Planes of a mosaic, row-major, ny rows of nx; MJy/sr and its square. NaN where no exposure contributes. */
export interface MosaicArrays {
  readonly shape: readonly [ny: number, nx: number];
  readonly data: Float32Array;
  readonly err: Float32Array;
  readonly weight: Float32Array;
  readonly var_poisson: Float32Array;
  readonly var_rnoise: Float32Array;
  readonly var_flat?: Float32Array;
  /** Flags of all contributing pixels, ORed. */
  readonly dq?: Uint32Array;
  /** Bit k of plane p of a pixel: exposure 32 p + k contributed. As many planes of ny x nx as exposures need. */
  readonly context: Uint32Array;
}

/** The same planes as nodes of a tree, read when asked for; `context` has three dimensions. */
export interface MosaicPlanes {
  readonly shape: readonly [ny: number, nx: number];
  readonly planes: Readonly<Record<string, NdArray>>;
}

/** What resample and the statistics add to a mosaic's metadata; names as in rad's l3_resample and l3_common. */
export interface MosaicNumbers {
  readonly resample: {
    readonly good_bits: string;
    readonly pixel_scale_ratio: number;
    readonly pixfrac: number;
    readonly pixmap_order: number;
    readonly pixmap_stepsize: number;
    readonly pointings: number;
    readonly weight_type: string;
  };
  /** Seconds: mean and largest over the pixels that were exposed. */
  readonly exposure_time: number;
  readonly max_exposure_time: number;
  readonly statistics: {
    readonly image_median: number;
    readonly image_rms: number;
    readonly good_pixel_fraction: number;
  };
  /** `meta.wcsinfo` but for skycell_name. */
  readonly wcsinfo: AsdfMap;
}

/** A mosaic (L3, `_i2d` or `_coadd`; roman_datamodels MosaicModel). */
export class WfiMosaic {
  private constructor(
    /** The `roman` node. */
    readonly tree: AsdfMap,
    readonly wcs: Wcs,
    /** [ny, nx] */
    readonly shape: readonly [number, number],
    private readonly release: () => Promise<void>,
  ) {}

  /**
   * A mosaic from its planes and the exposures it was made of; the metadata is what romancal 1.0.1 writes
   * (resample/resample.py finalize). `meta.filename` is the product's name until it is written to a file.
   */
  static make(
    planes: MosaicArrays | MosaicPlanes,
    wcs: Wcs,
    models: readonly WfiImage[],
    association: Association,
    numbers: MosaicNumbers,
  ): WfiMosaic {
    const meta = blendMetadata(models);
    const { pixel_scale_ratio, pixfrac, ...counts } = numbers.resample;
    Object.assign(meta.resample as AsdfMap, counts, floats({ pixel_scale_ratio, pixfrac }));
    const { exposure_time, max_exposure_time, statistics } = numbers;
    Object.assign(meta.coadd_info as AsdfMap, floats({ exposure_time, max_exposure_time }));
    (meta.cal_step as AsdfMap).resample = "COMPLETE";
    Object.assign(meta, {
      association: { name: association.tableName },
      cal_logs: [],
      calibration_software_name: SOFTWARE_NAME,
      calibration_software_version: SOFTWARE_VERSION,
      data_release_id: association.dataReleaseId ?? "p",
      file_date: fileDateNode(),
      filename: association.productName ?? "resample_output",
      model_type: "MosaicModel",
      origin: "STSCI/SOC",
      statistics: floats(statistics),
      telescope: "ROMAN",
      wcs: wcs.toAsdf(),
      wcsinfo: Object.assign(copyTree(numbers.wcsinfo), { skycell_name: association.target ?? "None" }),
    });
    const roman: AsdfMap = withTag(TAG, { meta, ...nodesOf(planes) });
    roman.individual_image_cal_logs = models.flatMap(({ meta: { cal_logs } }) =>
      Array.isArray(cal_logs) && cal_logs.length ? [cal_logs] : [],
    );
    return new WfiMosaic(roman, wcs, planes.shape, () => Promise.resolve());
  }

  /** Opens a mosaic that this engine or romancal wrote. Throws UserError where the file is no mosaic. */
  static async open(path: string): Promise<WfiMosaic> {
    const file = await openRoman(path);
    try {
      const { roman, kind } = file;
      if (kind !== "wfi_mosaic")
        throw new UserError(`${path}: expected a mosaic (L3, _i2d or _coadd), found ${describeKind(kind)}`);
      if (!isMap(roman.meta)) throw new UserError(`${path}: roman.meta is missing; expected a mapping`);
      const { data } = roman;
      if (!(data instanceof NdArray) || data.shape.length !== 2 || data.shape.includes(0))
        throw new UserError(`${path}: roman.data: expected an image with rows and columns`);
      const wcs = await Wcs.fromAsdf(roman.meta.wcs, `${path}: roman.meta.wcs`);
      return new WfiMosaic(roman, wcs, [data.shape[0], data.shape[1]], file.close);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get meta(): AsdfMap {
    return this.tree.meta as AsdfMap;
  }

  get metadata(): Metadata {
    return new Metadata(this.filename, this.meta, "roman.meta");
  }

  /** The product's name; the file's where it was read from one. */
  get filename(): string {
    return String(this.meta.filename);
  }

  /**
   * The planes in memory: shared with the model, not copied, where the mosaic was made here. It keeps them from then on; one at a time
   * is read with {@link plane}.
   */
  async arrays(): Promise<MosaicArrays> {
    const planes: Record<string, unknown> = {};
    for (const name of [...MOSAIC_PLANES, ...EXTRA_PLANES, "context"]) {
      const node = this.tree[name];
      if (node instanceof NdArray) {
        const array = await node.read();
        if (node.store instanceof FrameStore) this.tree[name] = NdArray.from(array, node.shape);
        planes[name] = array;
      } else if (!EXTRA_PLANES.includes(name))
        throw new UserError(`${this.filename}: roman.${name} is missing`);
    }
    return { shape: this.shape, ...planes } as unknown as MosaicArrays;
  }

  /** One plane by name; undefined where the mosaic has none. */
  plane(name: string): NdArray | undefined {
    const node = this.tree[name];
    return node instanceof NdArray ? node : undefined;
  }

  /** The tree to write under a file name, with the log of the run. */
  toAsdf(filename: string, calLogs?: readonly string[]): AsdfMap {
    const meta: AsdfMap = { ...this.meta, filename, file_date: fileDateNode() };
    if (calLogs) meta.cal_logs = [...calLogs];
    return { roman: withTag(TAG, { ...this.tree, meta }) };
  }

  close(): Promise<void> {
    return this.release();
  }
}

function nodesOf(planes: MosaicArrays | MosaicPlanes): AsdfMap {
  return "planes" in planes ? planes.planes : arrayNodes(planes);
}

function arrayNodes({ shape, context, ...planes }: MosaicArrays): AsdfMap {
  const [ny, nx] = shape;
  const nodes: Record<string, AsdfValue> = {};
  const count = context.length / (ny * nx);
  if (!Number.isInteger(count) || count === 0)
    throw new Error(`context of ${context.length} words for ${ny} x ${nx}`);
  nodes.data = NdArray.from(planes.data, shape);
  nodes.context = NdArray.from(context, [count, ny, nx]);
  for (const name of ["err", "weight", "var_poisson", "var_rnoise", "var_flat", "dq"] as const) {
    const array = planes[name];
    if (array) nodes[name] = NdArray.from(array, shape);
  }
  return nodes;
}

/** How roman_datamodels compresses what it saves. */
export const PRODUCT_COMPRESSION: Compression = "lz4";
