import type { DetectedImages } from "./detected_images.js";
import type { Plane } from "./parts.js";

/** Options of source detection, named and meant as in romancal's SourceCatalogStep. */
export interface DetectOptions {
  /** Edge of the square boxes of the background mesh, in pixels (default 1000). */
  readonly bkg_boxsize: number;
  /** Full width at half maximum of the Gaussian smoothing kernel, in pixels (default 2). */
  readonly kernel_fwhm: number;
  /** Threshold in units of the background rms (default 3). */
  readonly snr_threshold: number;
  /** Least number of connected pixels of a source (default 25). */
  readonly npixels: number;
  /** Separate sources that overlap (default false). */
  readonly deblend?: boolean;
}

/** Mosaic planes: row-major f32, index = y * nx + x, in the same units (MJy/sr). They are read only. */
export interface MosaicPlanes {
  readonly data: Plane;
  readonly err: Plane;
  readonly nx: number;
  readonly ny: number;
  /** Most rows that are worked on together, beside what the device binds and holds. Results do not depend on it. */
  readonly maxRows?: number;
}

/** Why a detection found nothing, in romancal's words. */
export type EmptyReason = "All pixels are masked." | "No sources were detected.";

/** What source detection found. `images` are the caller's to free. */
export interface Detection {
  readonly nx: number;
  readonly ny: number;
  /** Labels, detection image and what the sources are measured on. */
  readonly images: DetectedImages;
  /** Number of sources, the largest label. */
  readonly nLabels: number;
  /** Bounding boxes: least and greatest column, least and greatest row of each label. */
  readonly boxes: Uint32Array;
  /** Set when nLabels is 0. */
  readonly emptyReason?: EmptyReason;
  /** The low-resolution maps, row-major, after median filtering. */
  readonly background: BackgroundMesh;
}

/** The mesh of box statistics behind the background and its rms. */
export interface BackgroundMesh {
  readonly nx: number;
  readonly ny: number;
  /** Box edges in pixels: [height, width]. */
  readonly box: readonly [number, number];
  readonly background: Float32Array;
  readonly rms: Float32Array;
}
