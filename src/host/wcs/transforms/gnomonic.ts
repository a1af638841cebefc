import { type Columns, D2R, R2D, type Transform } from "./transform.js";

/**
 * Gnomonic (TAN) plane in degrees to native (phi, theta) in degrees: wcslib's tanx2s as astropy builds it (WCSTRIG_MACRO: sines of 90
 * degrees are those of pi / 2 in f64); FITS WCS paper II eq. 14, 15, 54, 55.
 */
export class Pix2SkyGnomonic implements Transform {
  readonly kind = "gnomonic";
  readonly nInputs = 2;
  readonly nOutputs = 2;
  evaluate([x, y]: Columns, [phi, theta]: Columns, n: number): void {
    for (let i = 0; i < n; i++) {
      const r = Math.sqrt(x[i] * x[i] + y[i] * y[i]);
      phi[i] = r === 0 ? 0 : Math.atan2(x[i], -y[i]) * R2D;
      theta[i] = Math.atan2(R2D, r) * R2D;
    }
  }
  inverse(): Transform {
    return new Sky2PixGnomonic();
  }
}

/** Native (phi, theta) in degrees to the gnomonic plane in degrees: wcslib's tans2x; NaN below the native equator. */
export class Sky2PixGnomonic implements Transform {
  readonly kind = "gnomonic";
  readonly nInputs = 2;
  readonly nOutputs = 2;
  evaluate([phi, theta]: Columns, [x, y]: Columns, n: number): void {
    for (let i = 0; i < n; i++) {
      const s = Math.sin(theta[i] * D2R);
      const r = s > 0 ? (R2D * Math.cos(theta[i] * D2R)) / s : NaN;
      x[i] = r * Math.sin(phi[i] * D2R);
      y[i] = -r * Math.cos(phi[i] * D2R);
    }
  }
  inverse(): Transform {
    return new Pix2SkyGnomonic();
  }
}
