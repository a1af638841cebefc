import { PIXEL_ARCSEC } from "./geometry.js";
import type { Sources } from "./sources.js";

const PSF_WIDTH = 0.85;
const SMALLEST_STAMP = 8;
const LARGEST_STAMP = 60;
const TABLE_STEPS = 1 << 14;

/** A radial profile as a table over the square of the radius: no power or exponential a pixel. */
class Profile {
  private readonly values: Float32Array;
  private readonly scale: number;

  constructor(of: (r2: number) => number, largest: number) {
    this.scale = TABLE_STEPS / largest;
    this.values = Float32Array.from({ length: TABLE_STEPS + 2 }, (_, i) => of(i / this.scale));
  }

  at(r2: number): number {
    const place = Math.min(r2 * this.scale, TABLE_STEPS);
    const i = Math.floor(place);
    return this.values[i] + (place - i) * (this.values[i + 1] - this.values[i]);
  }
}

// a Moffat function of the width of Roman's F158 PSF; an exponential disc, its cusp softened by a pixel
const STAR = new Profile((r2) => (1 + r2 / (2 * 0.9 ** 2)) ** -2.5, 2 * (SMALLEST_STAMP + 1) ** 2);
const DISC = new Profile((r2) => Math.exp(-Math.sqrt(r2)), 900);

/**
 * Adds the sources to a rate image of `size` pixels a side, row-major.
 * @param x, y pixel positions of the sources, 0-based centres; those whose stamp misses the image are left out
 * @param perFlux DN/s a microjansky
 * @param roll position angle of the image's y axis, radians
 */
export function render(
  image: Float32Array,
  size: number,
  { x, y }: { readonly x: Float64Array; readonly y: Float64Array },
  sources: Sources,
  perFlux: number,
  roll: number,
): void {
  const stamp = new Float32Array((2 * LARGEST_STAMP + 1) ** 2);
  for (let k = 0; k < x.length; k++) {
    const galaxy = sources.radius[k] > 0;
    const width = galaxy ? Math.hypot(PSF_WIDTH, sources.radius[k] / PIXEL_ARCSEC / 1.2) : PSF_WIDTH;
    const half = Math.trunc(Math.min(LARGEST_STAMP, Math.max(SMALLEST_STAMP, 8 * width)));
    const [ix, iy] = [Math.round(x[k]), Math.round(y[k])];
    if (!(ix >= -half && iy >= -half && ix < size + half && iy < size + half)) continue;
    const angle = sources.angle[k] - roll;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const profile = galaxy ? DISC : STAR;
    const unit = galaxy ? (1.2 / width) ** 2 : 1;
    const soft = galaxy ? 0.3 * unit : 0;
    const side = 2 * half + 1;
    let sum = 0;
    for (let j = 0; j < side; j++) {
      const dy = iy - half + j - y[k];
      for (let i = 0; i < side; i++) {
        const dx = ix - half + i - x[k];
        const along = cos * dx + sin * dy;
        const across = (-sin * dx + cos * dy) / sources.ratio[k];
        const value = profile.at((along * along + across * across) * unit + soft);
        stamp[j * side + i] = value;
        sum += value;
      }
    }
    const scale = (sources.flux[k] * perFlux) / sum;
    for (let j = Math.max(0, half - iy); j < Math.min(side, size - iy + half); j++) {
      const row = (iy - half + j) * size + ix - half;
      for (let i = Math.max(0, half - ix); i < Math.min(side, size - ix + half); i++)
        image[row + i] += scale * stamp[j * side + i];
    }
  }
}
