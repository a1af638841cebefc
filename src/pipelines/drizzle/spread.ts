import { UserError } from "../../host/errors.js";

const KERNELS = ["square", "gaussian", "point", "turbo", "lanczos2", "lanczos3"] as const;
export type KernelName = (typeof KERNELS)[number];

/** drizzle takes a smaller pixfrac for the point kernel. */
const SMALLEST_PIXFRAC = 0.001;
/** Farthest reach of a kernel, output pixels; fixed-point distances hold this at any scale of the map that follows from it. */
const FARTHEST = 1000;
const LARGEST_RATIO = 1000;

/** A kernel of drizzle other than square, whose weights depend on the place of the input pixel's centre alone. */
export interface Spread {
  /** As spread.wgsl numbers them. */
  readonly kernel: number;
  /** Output pixels along x and y beyond which an input pixel does not matter. */
  readonly radius: number;
  /** Exponent a squared output pixel, half the side of the square, or order. */
  readonly shape: number;
  readonly scale: number;
  /** Entries of drizzle's table an output pixel; 0 for kernels without one. */
  readonly perPixel: number;
}

/** The kernel's name as romancal's `kernel` spells it. Throws UserError for one that drizzle does not have. */
export function kernelName(kernel: string): KernelName {
  const found = KERNELS.find((name) => name === kernel.toLowerCase());
  if (!found) throw new UserError(`kernel "${kernel}": expected one of ${KERNELS.join(", ")}`);
  return found;
}

/**
 * What drizzle 2.2.0 makes of a kernel, pixfrac and the ratio of output to input pixel scale (src/cdrizzlebox.c do_kernel_gaussian,
 * do_kernel_point, do_kernel_turbo, do_kernel_lanczos; src/cdrizzleapi.c for small pixfracs); undefined: the square kernel.
 */
export function spreadOf(kernel: KernelName, pixfrac: number, pixelScaleRatio: number): Spread | undefined {
  const ratio = Math.fround(pixelScaleRatio);
  if (pixfrac <= SMALLEST_PIXFRAC || kernel === "point")
    return { kernel: 0, radius: 0.5, shape: 0, scale: 1, perPixel: 0 };
  if (kernel === "square") return undefined;
  if (!(ratio > 0 && ratio <= LARGEST_RATIO))
    throw new UserError(
      `kernel "${kernel}": the pixel scale ratio is ${ratio}; expected at most ${LARGEST_RATIO}`,
    );
  const spread = wide(kernel, pixfrac, ratio);
  if (!(spread.radius < FARTHEST))
    throw new UserError(
      `kernel "${kernel}" reaches ${spread.radius.toFixed(0)} pixels of the mosaic at a pixel scale ratio of ${ratio}; ` +
        `expected less than ${FARTHEST}: use larger pixels or another kernel`,
    );
  return spread;
}

function wide(
  kernel: "gaussian" | "turbo" | "lanczos2" | "lanczos3",
  pixfrac: number,
  ratio: number,
): Spread {
  if (kernel === "gaussian") {
    const reach = Math.max((2.5 * pixfrac) / 2.3548 / ratio, 1.2 / ratio);
    const exponent = (2.3548 * 2.3548 * ratio * ratio) / (pixfrac * pixfrac) / 2;
    return { kernel: 1, radius: reach + 0.5, shape: exponent, scale: exponent / Math.PI, perPixel: 0 };
  }
  if (kernel === "turbo") {
    const half = pixfrac / ratio / 2;
    const scale = (ratio * ratio) / (pixfrac * pixfrac);
    return { kernel: 2, radius: half + 0.5, shape: half, scale, perPixel: 0 };
  }
  const order = kernel === "lanczos2" ? 2 : 3;
  return { kernel: 3, radius: order / ratio, shape: order, scale: 1, perPixel: ratio / 0.003 };
}

/** Uniforms of spread.wgsl; zeros for the square kernel, which has none. */
export function spreadParams(
  spread: Spread | undefined,
  fractionBits: number,
): { window: number; shape: number; scale: number; step: number; shift: number } {
  if (!spread) return { window: 0, shape: 0, scale: 0, step: 0, shift: 0 };
  const { radius, shape, scale, perPixel } = spread;
  // step below 2^31, and 33 <= shift <= 63
  const bits = perPixel > 0 ? Math.min(30 - Math.ceil(Math.log2(perPixel)), 63 - fractionBits) : 0;
  return {
    window: Math.round(radius * 2 ** fractionBits),
    shape,
    scale,
    step: Math.round(perPixel * 2 ** bits),
    shift: bits + fractionBits,
  };
}
