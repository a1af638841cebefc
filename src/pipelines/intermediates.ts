import { join } from "node:path";
import { NdArray } from "../host/asdf/index.js";
import { baseName, type WrittenFile, writeProducts } from "../host/models/index.js";
import type { Wcs } from "../host/wcs/index.js";
import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import type { Band } from "./context.js";
import type { ModelLibrary } from "./library.js";
import type { MedianBand } from "./median_image.js";

/**
 * The files of outlier_detection's `save_intermediate_results`: trees of `data` and `wcs` (romancal 1.0.1 outlier_detection/_fileio.py).
 * The images are `NAME[_ASN]_outlier_coadd.asdf`, NAME that of the exposure, or of the first one of a group; the median is
 * `drizzled_median.asdf`.
 */
export class Intermediates {
  readonly files: WrittenFile[] = [];
  private readonly images = new Map<number, { data: Float32Array; rows: number }>();
  private readonly asn: string;

  constructor(
    private readonly gpu: Gpu,
    library: ModelLibrary,
    private readonly folder: string,
    private readonly shape: readonly [number, number],
  ) {
    const { id } = library.association;
    this.asn = id ? `_${id}` : "";
  }

  /** A band of an image as it is before pixels of low weight are left out; written with its last row, later calls do nothing. */
  async add(index: number, filename: string, wcs: Wcs, band: Band, buffer: DeviceBuffer): Promise<void> {
    const [ny, nx] = this.shape;
    let image = this.images.get(index);
    if (!image) this.images.set(index, (image = { data: new Float32Array(ny * nx), rows: 0 }));
    if (image.rows === ny) return;
    image.data.set(await this.gpu.read(buffer, Float32Array, 0, band.ny * nx), band.y0 * nx);
    image.rows += band.ny;
    if (image.rows < ny) return;
    await this.write(`${baseName(filename)}${this.asn}_outlier_coadd.asdf`, image.data, wcs);
    image.data = new Float32Array(0);
  }

  /** `named`: with the association's id, as romancal has it where nothing was resampled. */
  async median(bands: readonly MedianBand[], wcs: Wcs, named: boolean): Promise<void> {
    const [ny, nx] = this.shape;
    const data = new Float32Array(ny * nx);
    for (const { buffer, y0, ny: rows } of bands)
      data.set(await this.gpu.read(buffer, Float32Array, 0, rows * nx), y0 * nx);
    await this.write(`drizzled${named ? this.asn : ""}_median.asdf`, data, wcs);
  }

  private async write(name: string, data: Float32Array, wcs: Wcs): Promise<void> {
    const content = { data: NdArray.from(data, this.shape), wcs: wcs.toAsdf() };
    this.files.push(...(await writeProducts([{ path: join(this.folder, name), content }])));
  }
}
