import type { DeviceBuffer, Gpu } from "../../gpu/index.js";
import { splineCoefficients } from "../../host/numerics/zoom_spline.js";
import { backgroundMask } from "../../shaders/source_catalog/background.js";
import { bandRows } from "../context.js";
import { type DeviceMesh, recordConvolution, recordSubtraction, smoothingRadius } from "./detection_image.js";
import { flatGroups, type Seeded } from "./label.js";
import type { MeasureImages } from "./measure_device.js";
import {
  cutPieces,
  cutPlane,
  isWhole,
  largestPart,
  type Part,
  partAbout,
  type RowPlane,
  type WorkBand,
  workBands,
} from "./parts.js";
import type { BackgroundMesh, DetectOptions, MosaicPlanes } from "./types.js";

/** A part's planes on the device; f32, and `mask` a bit a pixel (`//!include shared/mask.wgsl`). */
export interface PartPlanes {
  readonly part: Part;
  /** Data as they are; the mosaic's own where the part is all of it. */
  readonly data: DeviceBuffer;
  readonly err: DeviceBuffer;
  /** Pixel i is bit (i & 31) of word i >> 5; set where data or err is not finite or err <= 0. */
  readonly mask: DeviceBuffer;
  free(): void;
  /** Hand back the data alone, earlier. */
  freeData(): void;
}

/** What sources of a part are measured on; to free. */
export interface PartImages extends MeasureImages {
  free(): void;
}

/** The whole image's planes that stay on the device where one band is all of it. */
interface HeldImages extends Omit<PartImages, "segmentation"> {
  segmentation: DeviceBuffer;
}

/**
 * The images behind a detection, part by part: data less background, detection image, labels. A mosaic that is one band stays on the
 * device. Of a larger one the host keeps the labels, packed, and a part's planes are made again when it
 * is asked for; each pixel has the same bits in every part.
 */
export class DetectedImages {
  /** Labels of all pixels, 0 where there is no source; of a mosaic in several bands. */
  labels: Uint32Array | RowPlane<Uint32Array> | undefined;
  readonly bands: readonly WorkBand[];
  /** Most rows of the whole width that are on the device together. */
  readonly mostRows: number;
  private readonly largest: number;
  private held: HeldImages | undefined;
  private mesh: DeviceMesh | undefined;
  private whole: PartPlanes | undefined;
  private own: DeviceBuffer[] = [];

  constructor(
    readonly gpu: Gpu,
    readonly mosaic: MosaicPlanes,
    private readonly options: Pick<DetectOptions, "kernel_fwhm" | "snr_threshold">,
  ) {
    const { nx, ny, maxRows = Infinity } = mosaic;
    this.largest = largestPart(gpu);
    this.mostRows = Math.max(1, Math.floor(bandRows([ny, nx], Math.min(this.largest / nx, maxRows))));
    this.bands = workBands(nx, ny, this.mostRows, this.radius);
  }

  get nx(): number {
    return this.mosaic.nx;
  }
  get ny(): number {
    return this.mosaic.ny;
  }
  get inOneBand(): boolean {
    return this.bands.length === 1;
  }
  /** Pixels about a segment that its detection image is made of. */
  get radius(): number {
    return smoothingRadius(this.options.kernel_fwhm);
  }

  /** The least part about a box with `margin` pixels around; undefined where the device does not hold it. */
  partAbout(box: Uint32Array, margin: number): Part | undefined {
    const part = partAbout(box, margin, this);
    return part.nx * part.ny <= this.largest ? part : undefined;
  }

  /** Data, err and mask of a part. */
  async planes(part: Part): Promise<PartPlanes> {
    const { gpu, mosaic } = this;
    const count = part.nx * part.ny;
    const data = await cutPlane(gpu, "mosaic data", mosaic.data, mosaic, part);
    const err = await cutPlane(gpu, "mosaic err", mosaic.err, mosaic, part);
    const mask = gpu.alloc("coverage mask", 4 * Math.ceil(count / 32));
    gpu
      .recorder("coverage mask")
      .run(backgroundMask, { params: { count }, data: data.buffer, err: err.buffer, mask }, flatGroups(count))
      .submit();
    let open = true;
    const freeData = (): void => {
      if (open) data.free();
      open = false;
    };
    const free = (): void => {
      freeData();
      err.free();
      mask.free();
    };
    return { part, data: data.buffer, err: err.buffer, mask, free, freeData };
  }

  /** Data, err and mask of a mosaic that is one band: they stay until its background is subtracted. */
  async wholePlanes(): Promise<PartPlanes> {
    return (this.whole ??= await this.planes(this.bands[0].part));
  }

  /** From now on parts can be made. */
  setBackground(mesh: BackgroundMesh): void {
    const spline = this.gpu.upload("background spline", meshCoefficients(mesh));
    this.own.push(spline);
    this.mesh = { params: meshUniforms(mesh), mesh: spline, quads: this.nx % 4 === 0 };
  }

  /** Detection image and seeds of a band; they are the caller's to free, as is what `free` frees. */
  async seed({
    y0,
    ny,
    part,
  }: WorkBand): Promise<Seeded & { readonly detection: DeviceBuffer; free(): void }> {
    const { gpu, nx } = this;
    const count = nx * ny;
    const planes = await this.subtracted(part);
    const detection = gpu.alloc("detection image", 4 * count);
    const labels = gpu.alloc("segmentation image", 4 * count);
    const seeds = gpu.alloc("label seeds", 4 * Math.ceil(count / 32));
    const rows = { first: y0 - part.y0, count: ny };
    this.convolve(planes, detection, rows, { labels, seeds });
    if (this.inOneBand)
      this.held = { nx, ny, nLabels: 0, ...planes, detection, segmentation: labels, free: planes.free };
    else planes.free();
    const free = (): void => {
      seeds.free();
      if (this.inOneBand) return;
      detection.free();
      labels.free();
    };
    return { nx, ny, labels, seeds, detection, free };
  }

  /**
   * What sources of a part are measured on.
   * @param detection in place of the detection image, all of the image's; or none, where positions are known
   */
  async load(part: Part, detection?: Float32Array | "none"): Promise<PartImages> {
    const { gpu, held, labels } = this;
    const frame = { x0: part.x0, y0: part.y0, nx: this.nx, ny: this.ny };
    if (held && isWhole(part, this)) {
      const own = detection instanceof Float32Array ? gpu.upload("detection image", detection) : undefined;
      return { ...held, detection: own ?? held.detection, frame, free: () => own?.free() };
    }
    if (!labels) throw new Error("no labels to measure parts by");
    const planes = await this.subtracted(part);
    const made: { readonly buffer: DeviceBuffer; free(): void }[] = [];
    const empty = (label: string, bytes = 16): void => {
      const buffer = gpu.alloc(label, bytes);
      made.push({ buffer, free: () => buffer.free() });
    };
    if (detection instanceof Float32Array)
      made.push(await cutPlane(gpu, "detection image", detection, this, part));
    else empty("detection image", detection ? 16 : 4 * part.nx * part.ny);
    if (detection === undefined) this.convolve(planes, made[0].buffer);
    if (detection === "none") empty("labels");
    else made.push(await cutPlane(gpu, "segmentation image", labels, this, part));
    const [own, segmentation] = made.map(({ buffer }) => buffer);
    const free = (): void => {
      planes.free();
      for (const plane of made) plane.free();
    };
    const { nx, ny } = part;
    return { nx, ny, nLabels: 0, ...planes, detection: own, segmentation, frame, free };
  }

  /** Labels of all pixels, from the first on; a piece is good until the next is asked for. */
  async *labelPieces(): AsyncGenerator<Uint8Array> {
    const { nx, ny, labels, held } = this;
    if (held && !labels) yield* this.gpu.pieces(held.segmentation, 0, 4 * nx * ny);
    else yield* cutPieces(labels ?? NO_LABELS(nx), nx, { x0: 0, y0: 0, nx, ny });
  }

  /**
   * f32: convolved data in the mosaic's units, NaN where no unmasked pixel lies under the kernel; as {@link labelPieces}. Of a mosaic in
   * several bands they are made anew. Undefined before there is a background.
   */
  detectionPieces(): AsyncIterable<Uint8Array> | undefined {
    const { gpu, nx, ny, held } = this;
    if (held) return gpu.pieces(held.detection, 0, 4 * nx * ny);
    return this.mesh && this.convolvedPieces();
  }

  private async *convolvedPieces(): AsyncGenerator<Uint8Array> {
    const { gpu, nx } = this;
    for (const { y0, ny, part } of this.bands) {
      const planes = await this.subtracted(part);
      const detection = gpu.alloc("detection image", 4 * nx * ny);
      try {
        this.convolve(planes, detection, { first: y0 - part.y0, count: ny });
        yield* gpu.pieces(detection, 0, 4 * nx * ny);
      } finally {
        planes.free();
        detection.free();
      }
    }
  }

  /** Labels and detection image of all pixels, on the host. */
  async products(): Promise<{ labels: Uint32Array; detectionImage: Float32Array | undefined }> {
    const count = this.nx * this.ny;
    const detection = this.detectionPieces();
    return {
      labels: new Uint32Array(await gathered(this.labelPieces(), 4 * count)),
      detectionImage: detection && new Float32Array(await gathered(detection, 4 * count)),
    };
  }

  /** Replace all labels. */
  relabel(labels: Uint32Array): void {
    this.labels = labels;
    if (this.held) this.gpu.write(this.held.segmentation, labels);
  }

  free(): void {
    if (this.held) for (const buffer of [this.held.detection, this.held.segmentation]) buffer.free();
    this.held?.free();
    this.held = undefined;
    this.whole?.free();
    this.whole = undefined;
    for (const buffer of this.own.splice(0)) buffer.free();
  }

  /** Data less background, err and mask of a part. */
  private async subtracted(part: Part): Promise<PartPlanes> {
    const { gpu, mesh } = this;
    if (!mesh) throw new Error("no background to subtract");
    const whole = this.inOneBand && isWhole(part, this);
    const planes = whole ? await this.wholePlanes() : await this.planes(part);
    this.whole = undefined;
    const data = gpu.alloc("background-subtracted data", 4 * part.nx * part.ny);
    const rec = gpu.recorder("background");
    const scratch = recordSubtraction(gpu, rec, part, mesh, { ...planes, subtracted: data });
    rec.submit();
    for (const buffer of scratch) buffer.free();
    planes.freeData();
    const free = (): void => {
      planes.free();
      data.free();
    };
    return { ...planes, data, free };
  }

  private convolve(
    { part, data, mask }: PartPlanes,
    detection: DeviceBuffer,
    rows = { first: 0, count: part.ny },
    seeded: { readonly labels?: DeviceBuffer; readonly seeds?: DeviceBuffer } = {},
  ): void {
    const { gpu, mesh, options } = this;
    const smoothing = { fwhm: options.kernel_fwhm, snr: options.snr_threshold };
    const rec = gpu.recorder("detection image");
    const planes = { data, mask, detection, ...seeded };
    const scratch = recordConvolution(gpu, rec, part, mesh!, planes, smoothing, rows);
    rec.submit();
    for (const buffer of scratch) buffer.free();
  }
}

/** The labels where nothing was found. */
const NO_LABELS = (nx: number): RowPlane<Uint32Array> => ({
  rows: (_, count) => new Uint32Array(nx * count),
});

async function gathered(pieces: AsyncIterable<Uint8Array>, bytes: number): Promise<ArrayBuffer> {
  const all = new Uint8Array(bytes);
  let at = 0;
  for await (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all.buffer;
}

/** Spline coefficients of (background, rms), each less its pivot, so that f32 holds what varies. */
export function meshCoefficients({ nx, ny, background, rms }: BackgroundMesh): Float32Array {
  const less = (values: Float32Array): Float64Array =>
    splineCoefficients(
      Float64Array.from(values, (value) => value - values[0]),
      nx,
      ny,
    );
  const [first, second] = [less(background), less(rms)];
  return Float32Array.from({ length: 2 * nx * ny }, (_, i) => (i % 2 ? second : first)[i >> 1]);
}

/** The uniform fields by which background_zoom.wgsl evaluates a mesh. */
export function meshUniforms({ nx, ny, box, background, rms }: BackgroundMesh) {
  const pair = (pick: (values: Float32Array) => number): [number, number] => [pick(background), pick(rms)];
  return {
    pivot: pair((values) => values[0]),
    low: pair((values) => values.reduce((a, b) => Math.min(a, b))),
    high: pair((values) => values.reduce((a, b) => Math.max(a, b))),
    meshNx: nx,
    meshNy: ny,
    boxWidth: box[1],
    boxHeight: box[0],
  };
}
