import { offsetBy } from "./geometry.js";
import { Random } from "./random.js";

/** Stars and exponential galaxies on the sky, by column. */
export interface Sources {
  /** Degrees. */
  readonly ra: Float64Array;
  readonly dec: Float64Array;
  /** Microjansky. */
  readonly flux: Float64Array;
  /** Half-light radius, arcsec; 0: a star. */
  readonly radius: Float64Array;
  /** Minor over major axis. */
  readonly ratio: Float64Array;
  /** Position angle of the major axis, radians. */
  readonly angle: Float64Array;
}

const BRIGHTEST = 18;
const MAGNITUDES = 8;
const GALAXIES = 0.7;

/** `count` sources on a square of `side` arcsec about the sky cell's centre: numbers rise towards the faint as u^(1/3) does. */
export function makeSources(count: number, side: number, seed: number): Sources {
  const random = new Random(seed, 1);
  const column = (): Float64Array => new Float64Array(count);
  const sources = {
    ra: column(),
    dec: column(),
    flux: column(),
    radius: column(),
    ratio: column(),
    angle: column(),
  };
  for (let i = 0; i < count; i++) {
    const place = offsetBy(random.uniform(-side / 2, side / 2), random.uniform(-side / 2, side / 2));
    sources.ra[i] = place.ra;
    sources.dec[i] = place.dec;
    sources.flux[i] = 10 ** (-0.4 * (BRIGHTEST + MAGNITUDES * Math.cbrt(random.uniform()) - 23.9));
    const galaxy = random.uniform() < GALAXIES;
    const radius = 0.25 * Math.exp(0.5 * random.normal());
    const ratio = random.uniform(0.3, 1);
    sources.radius[i] = galaxy ? radius : 0;
    sources.ratio[i] = galaxy ? ratio : 1;
    sources.angle[i] = random.uniform(0, Math.PI);
  }
  return sources;
}
