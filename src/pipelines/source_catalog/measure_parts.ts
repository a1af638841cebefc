import type { DetectedImages } from "./detected_images.js";
import { BOX_WORDS } from "./label.js";
import type { MeasureImages } from "./measure_device.js";
import type { Part } from "./parts.js";

/** Measures what is at these places of a list of boxes; `images.labels` are the places from 1 on. */
export type PartWork = (images: MeasureImages, at: readonly number[]) => Promise<void>;

/** An image that is measured part by part. */
export interface ImageParts {
  readonly nx: number;
  readonly ny: number;
  /** Pixels about a segment that its detection image is made of. */
  readonly radius: number;
  /**
   * Have `work` done on parts that together hold all `boxes` (BOX_WORDS each) and what is about them. What `work` notes in
   * `images.missed` is worked on again in a larger part; the last time counts.
   */
  eachPart(boxes: Uint32Array, work: PartWork): Promise<void>;
}

/** Pixels about a source that has a part of its own, at first. */
const OWN_MARGIN = 128;

/**
 * The images of a detection, band by band; what reaches beyond its band comes last, in a part of its own that doubles until it holds
 * it. Where the device does not hold that part, what needs it is NaN, and `warn` told.
 * @param detection in place of the detection image, or "none" where neither it nor labels are looked at
 */
export function detectedParts(
  images: DetectedImages,
  warn: (message: string) => void,
  detection?: Float32Array | "none",
): ImageParts {
  const { nx, ny, radius } = images;
  const eachPart = (boxes: Uint32Array, work: PartWork): Promise<void> =>
    new PartWalk(images, boxes, work, detection, warn).run();
  return { nx, ny, radius, eachPart };
}

class PartWalk {
  constructor(
    private readonly images: DetectedImages,
    private readonly boxes: Uint32Array,
    private readonly work: PartWork,
    private readonly detection: Float32Array | "none" | undefined,
    private readonly warn: (message: string) => void,
  ) {}

  async run(): Promise<void> {
    const { bands } = this.images;
    const byBand = bands.map((): number[] => []);
    const missed: number[] = [];
    for (let k = 0; k < this.boxes.length / BOX_WORDS; k++) {
      const [low, high] = this.boxes.subarray(BOX_WORDS * k + 2, BOX_WORDS * (k + 1));
      const band = Math.min(Math.floor((low + high) / 2 / bands[0].ny), bands.length - 1);
      const { y0, ny } = bands[band].part;
      (y0 <= low && high < y0 + ny ? byBand[band] : missed).push(k);
    }
    for (const [k, { part }] of bands.entries())
      if (byBand[k].length) for (const place of await this.measure(part, byBand[k])) missed.push(place);
    for (const place of missed) await this.measureAlone(place);
  }

  /** Gives the places that the part does not hold. */
  private async measure(part: Part, at: readonly number[]): Promise<number[]> {
    const { images, detection } = this;
    const labels = Uint32Array.from(at, (place) => place + 1);
    const missed = new Set<number>();
    const planes = await images.load(part, detection);
    try {
      await this.work({ ...planes, nLabels: at.length, labels, missed }, at);
    } finally {
      planes.free();
    }
    return Array.from(missed, (i) => at[i]);
  }

  private async measureAlone(place: number): Promise<void> {
    const box = this.boxes.subarray(BOX_WORDS * place, BOX_WORDS * (place + 1));
    for (let margin = OWN_MARGIN; ; margin *= 2) {
      const part = this.images.partAbout(box, margin);
      if (!part) break;
      if (!(await this.measure(part, [place])).length) return;
    }
    this.warn(
      `Source ${place + 1} reaches farther than the device can hold at once; measurements that need all of it are NaN.`,
    );
  }
}

/** One of several results: `value` holds columns of the sources at these places. */
export interface PartResult<T> {
  readonly at: readonly number[];
  readonly value: T;
}

/**
 * Columns of `count` sources from those of some each, later ones over earlier: typed arrays, arrays with an element a source, and
 * objects and arrays of these.
 */
export function joinColumns<T>(count: number, results: readonly PartResult<T>[]): T {
  const whole = results.length === 1 && results[0].at.length === count;
  if (whole && results[0].at.every((place, i) => place === i)) return results[0].value;
  return joined(
    count,
    results.map(({ at }) => at),
    results.map(({ value }) => value),
  ) as T;
}

function joined(count: number, at: readonly (readonly number[])[], values: readonly unknown[]): unknown {
  const [first] = values;
  if (first instanceof Float64Array || first instanceof Int32Array) {
    const column = first instanceof Float64Array ? new Float64Array(count) : new Int32Array(count);
    (values as Float64Array[]).forEach((value, k) => at[k].forEach((place, i) => (column[place] = value[i])));
    return column;
  }
  if (Array.isArray(first) && !ArrayBuffer.isView(first[0])) {
    const column = new Array<unknown>(count);
    (values as unknown[][]).forEach((value, k) => at[k].forEach((place, i) => (column[place] = value[i])));
    return column;
  }
  const of = (key: string): unknown =>
    joined(
      count,
      at,
      values.map((value) => (value as Record<string, unknown>)[key]),
    );
  if (Array.isArray(first)) return first.map((_, k) => of(String(k)));
  return Object.fromEntries(Object.keys(first as object).map((key) => [key, of(key)]));
}
