/** Variance of a uniform distribution across one pixel: the least second moment of a source. */
const PIXEL_VARIANCE = 1 / 12;
const DEGREE = Math.PI / 180;

/** Second moments of a source, normalised by its flux; pixels squared. */
export interface Covariance {
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
}

/** The ellipse of the Gaussian that has a source's second moments; pixels and degrees. */
export interface Shape {
  readonly semimajor: number;
  readonly semiminor: number;
  readonly fwhm: number;
  readonly ellipticity: number;
  /** Degrees counter-clockwise from the x axis, in (-90, 90]. */
  readonly orientation: number;
  readonly cxx: number;
  readonly cxy: number;
  readonly cyy: number;
}

function eigenvalues({ xx, xy, yy }: Covariance): [least: number, greatest: number] {
  const half = 0.5 * (xx + yy);
  const root = Math.hypot(0.5 * (xx - yy), xy);
  const least = half > 0 ? (xx * yy - xy * xy) / (half + root) : half - root;
  return [least, half + root];
}

/**
 * Raise both principal variances to at least 1/12 and keep the axes (photutils 3.1.1 utils/_moments.py). The moments come from
 * weights that are not negative, so a negative determinant can only be rounding, and is raised as well.
 */
export function regularize(covariance: Covariance): Covariance {
  const [least, greatest] = eigenvalues(covariance);
  if (greatest < PIXEL_VARIANCE) return { xx: PIXEL_VARIANCE, xy: 0, yy: PIXEL_VARIANCE };
  if (!(least < PIXEL_VARIANCE)) return covariance;
  const { xx, xy, yy } = covariance;
  const factor = (PIXEL_VARIANCE - least) / (greatest - least);
  return {
    xx: xx + factor * (greatest - xx),
    xy: xy - factor * xy,
    yy: yy + factor * (greatest - yy),
  };
}

/** Shape of a source from its raw second moments; all NaN where they are. Follows photutils 3.1.1 segmentation/catalog.py. */
export function shapeOf(raw: Covariance): Shape {
  const covariance = regularize(raw);
  const [least, greatest] = eigenvalues(covariance);
  const semimajor = Math.sqrt(greatest);
  const semiminor = Math.sqrt(least);
  const angle = 0.5 * Math.atan2(2 * covariance.xy + 0, covariance.xx - covariance.yy);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return {
    semimajor,
    semiminor,
    fwhm: 2 * Math.sqrt(Math.LN2 * (semimajor ** 2 + semiminor ** 2)),
    ellipticity: 1 - semiminor / semimajor,
    orientation: angle / DEGREE,
    cxx: (cos / semimajor) ** 2 + (sin / semiminor) ** 2,
    cxy: 2 * cos * sin * (1 / semimajor ** 2 - 1 / semiminor ** 2),
    cyy: (sin / semimajor) ** 2 + (cos / semiminor) ** 2,
  };
}
