import { type Columns, D2R, R2D, type Transform } from "./transform.js";

/** (lon, lat) in degrees to (x, y, z) on the unit sphere; astropy's spherical2cartesian and gwcs's SphericalToCartesian. */
export function sphericalToCartesian([lon, lat]: Columns, [x, y, z]: Columns, n: number): void {
  for (let i = 0; i < n; i++) {
    const a = lon[i] * D2R;
    const d = lat[i] * D2R;
    const c = Math.cos(d);
    x[i] = c * Math.cos(a);
    y[i] = c * Math.sin(a);
    z[i] = Math.sin(d);
  }
}

/**
 * Where a longitude of -180 ... 180 ends: left alone (gwcs wrap_lon_at 180, Euler angles); modulo 360 (gwcs wrap_lon_at 360);
 * or plus 360 where negative (astropy's sky rotations).
 */
export type LonWrap = "none" | "modulo" | "add";

/** (x, y, z) to (lon, lat) in degrees; lon 0 at the poles if `zeroAtPole` (gwcs does so, astropy leaves atan2's). */
export function cartesianToSpherical(
  [x, y, z]: Columns,
  [lon, lat]: Columns,
  n: number,
  wrap: LonWrap,
  zeroAtPole = false,
): void {
  for (let i = 0; i < n; i++) {
    const h = Math.sqrt(x[i] * x[i] + y[i] * y[i]);
    let a = Math.atan2(y[i], x[i]) * R2D;
    if (zeroAtPole && h === 0) a = 0;
    if (a < 0 && wrap !== "none") a += 360;
    lon[i] = a;
    lat[i] = Math.atan2(z[i], h) * R2D;
  }
}

/** gwcs.geometry.SphericalToCartesian; wrapAt is only what its inverse wraps at. */
export class SphericalToCartesian implements Transform {
  readonly kind = "spherical_cartesian";
  readonly nInputs = 2;
  readonly nOutputs = 3;
  constructor(readonly wrapAt: 180 | 360) {}
  evaluate(input: Columns, output: Columns, n: number): void {
    sphericalToCartesian(input, output, n);
  }
  inverse(): Transform {
    return new CartesianToSpherical(this.wrapAt);
  }
}

/** gwcs.geometry.CartesianToSpherical: longitudes in -180 ... 180, or 0 ... 360. */
export class CartesianToSpherical implements Transform {
  readonly kind = "spherical_cartesian";
  readonly nInputs = 3;
  readonly nOutputs = 2;
  constructor(readonly wrapAt: 180 | 360) {}
  evaluate(input: Columns, output: Columns, n: number): void {
    cartesianToSpherical(input, output, n, this.wrapAt === 360 ? "modulo" : "none", true);
  }
  inverse(): Transform {
    return new SphericalToCartesian(this.wrapAt);
  }
}

/** gwcs.geometry.ToDirectionCosines: (x, y, z) to (cos a, cos b, cos c, length) of (x, y, 1). */
export class ToDirectionCosines implements Transform {
  readonly kind = "direction_cosines";
  readonly nInputs = 3;
  readonly nOutputs = 4;
  evaluate([x, y]: Columns, [a, b, c, length]: Columns, n: number): void {
    for (let i = 0; i < n; i++) {
      const v = Math.sqrt(1 + x[i] * x[i] + y[i] * y[i]);
      a[i] = x[i] / v;
      b[i] = y[i] / v;
      c[i] = 1 / v;
      length[i] = v;
    }
  }
  inverse(): Transform {
    return new FromDirectionCosines();
  }
}

/** gwcs.geometry.FromDirectionCosines: (cos a, cos b, cos c) times length. */
export class FromDirectionCosines implements Transform {
  readonly kind = "direction_cosines";
  readonly nInputs = 4;
  readonly nOutputs = 3;
  evaluate([a, b, c, length]: Columns, [x, y, z]: Columns, n: number): void {
    for (let i = 0; i < n; i++) {
      x[i] = a[i] * length[i];
      y[i] = b[i] * length[i];
      z[i] = c[i] * length[i];
    }
  }
  inverse(): Transform {
    return new ToDirectionCosines();
  }
}
