import { halfToNumber, roundToHalf } from "../../src/host/numerics/half.js";

export interface FlagInput {
  readonly nx: number;
  readonly ny: number;
  readonly data: Float32Array;
  /** Float32Array, or float16 bits. */
  readonly err: Float32Array | Uint16Array;
  readonly blotted: Float32Array;
  readonly snr: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly background: number;
}

const f = Math.fround;

/** stcal 1.20.0 _abs_deriv. */
function absDerivTwin(image: Float32Array, nx: number, ny: number): Float32Array {
  return Float32Array.from(image, (here, i) => {
    if (Number.isNaN(here)) return NaN;
    const [x, y] = [i % nx, Math.floor(i / nx)];
    let result = 0;
    if (y > 0) {
      const up = Math.abs(f(here - image[i - nx]));
      if (Number.isFinite(up)) result = up;
    }
    const others = [y + 1 < ny ? i + nx : -1, x > 0 ? i - 1 : -1, x + 1 < nx ? i + 1 : -1];
    for (const other of others) {
      if (other < 0) continue;
      const d = Math.abs(f(image[other] - here));
      if (d > result) result = d;
    }
    return result;
  });
}

/** stcal 1.20.0 flag_resampled_crs: 1 where a pixel is an outlier. */
export function flagTwin(input: FlagInput): Uint8Array {
  const { nx, ny, data, err, blotted, snr, scale, background } = input;
  const slope = absDerivTwin(blotted, nx, ny);
  const half = err instanceof Uint16Array;
  const round = half ? roundToHalf : f;
  const largest = half ? 65504 : 3.4028234663852886e38;
  const beyond = (k: 0 | 1): Uint8Array =>
    Uint8Array.from(data, (value, i) => {
      const raw = half ? halfToNumber(err[i]) : err[i];
      const error = Number.isNaN(raw) ? 0 : Math.min(Math.max(raw, -largest), largest);
      const threshold = f(f(f(scale[k]) * slope[i]) + round(round(snr[k]) * error));
      return Math.abs(f(f(value - blotted[i]) - f(background))) > threshold ? 1 : 0;
    });
  const first = beyond(0);
  return beyond(1).map((second, i) => (second && grown(first, nx, ny, i) ? 1 : 0));
}

function grown(mask: Uint8Array, nx: number, ny: number, i: number): boolean {
  for (let dy = -1; dy <= 1; dy++)
    for (let dx = -1; dx <= 1; dx++) {
      const x = Math.min(Math.max((i % nx) + dx, 0), nx - 1);
      const y = Math.min(Math.max(Math.floor(i / nx) + dy, 0), ny - 1);
      if (mask[y * nx + x]) return true;
    }
  return false;
}
