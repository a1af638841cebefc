import { type Columns, D2R, R2D, type Transform } from "./transform.js";

/** wcslib's atan2d: exact at multiples of 90 degrees. */
function atan2d(y: number, x: number): number {
  if (y === 0) return x >= 0 ? 0 : x < 0 ? 180 : NaN;
  if (x === 0) return y > 0 ? 90 : y < 0 ? -90 : NaN;
  return Math.atan2(y, x) * R2D;
}

/** wcslib's sind: exact at multiples of 90 degrees. */
function sind(angle: number): number {
  if (angle % 90 !== 0) return Math.sin(angle * D2R);
  return [1, 0, -1, 0][Math.abs(Math.floor(angle / 90 - 0.5)) % 4];
}

/** wcslib's cosd: exact at multiples of 90 degrees. */
function cosd(angle: number): number {
  if (angle % 90 !== 0) return Math.cos(angle * D2R);
  return [1, 0, -1, 0][Math.abs(Math.floor(angle / 90 + 0.5)) % 4];
}

/** Gnomonic (TAN) plane in degrees to native (phi, theta) in degrees: wcslib's tanx2s, FITS WCS paper II eq. 14, 15, 54, 55. */
export class Pix2SkyGnomonic implements Transform {
  readonly kind = "gnomonic";
  readonly nInputs = 2;
  readonly nOutputs = 2;
  evaluate([x, y]: Columns, [phi, theta]: Columns, n: number): void {
    for (let i = 0; i < n; i++) {
      const r = Math.sqrt(x[i] * x[i] + y[i] * y[i]);
      phi[i] = r === 0 ? 0 : atan2d(x[i], -y[i]);
      theta[i] = atan2d(R2D, r);
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
      const s = sind(theta[i]);
      const r = s > 0 ? (R2D * cosd(theta[i])) / s : NaN;
      x[i] = r * sind(phi[i]);
      y[i] = -r * cosd(phi[i]);
    }
  }
  inverse(): Transform {
    return new Pix2SkyGnomonic();
  }
}
