import type { DeviceBuffer } from "../../gpu/index.js";

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

/** Mosaic planes on the device: row-major f32, index = y * nx + x, in the same units (MJy/sr). They are read only. */
export interface MosaicPlanes {
  readonly data: DeviceBuffer;
  readonly err: DeviceBuffer;
  readonly nx: number;
  readonly ny: number;
}

/** Why a detection found nothing, in romancal's words. */
export type EmptyReason = "All pixels are masked." | "No sources were detected.";

/**
 * What source detection leaves on the device. Planes are row-major, index = y * nx + x.
 * Buffers made here (all but `err`) are the caller's to free: `freeDetection(detection)`.
 */
export interface Detection {
  readonly nx: number;
  readonly ny: number;
  /** f32: data less background; unchanged where masked, so NaN where the mosaic is. */
  readonly data: DeviceBuffer;
  /** f32: the mosaic's err, as handed in. */
  readonly err: DeviceBuffer;
  /**
   * One bit a pixel: pixel i is bit (i & 31) of u32 word i >> 5; set where data or err is not finite or err <= 0.
   * `//!include shared/mask.wgsl` gives `fn isMasked(i: u32) -> bool` over a binding named `mask`.
   */
  readonly mask: DeviceBuffer;
  /**
   * f32: the convolved data, in the mosaic's units; NaN where no unmasked pixel lies under the kernel. romancal's segmentation
   * file holds it in nJy: times the pixel area's MJy/sr to nJy factor, as its source catalog converts it in place.
   */
  readonly detection: DeviceBuffer;
  /** u32: labels 1..nLabels, 0 where there is no source. */
  readonly segmentation: DeviceBuffer;
  /** Number of sources, the largest label. */
  readonly nLabels: number;
  /** Set when nLabels is 0: `data` and `detection` are then defined only if sources were looked for. */
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
