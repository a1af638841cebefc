import { float32BitsToHalf } from "../../src/host/numerics/half.js";
import { Random, normalTable } from "./random.js";

/** Row-major; float16 as raw bits. */
export interface Planes {
  readonly data: Float32Array;
  readonly err: Uint16Array;
  readonly dq: Uint32Array;
  readonly var_poisson: Uint16Array;
  readonly var_rnoise: Uint16Array;
}

export interface NoiseOptions {
  /** DN/s. */
  readonly sky: number;
  readonly gain: number;
  /** Seconds. */
  readonly exposureTime: number;
  /** Tracks a pixel. */
  readonly cosmicRays: number;
  /** Part of the pixels that is dead: half of them NaN, half of them hot. */
  readonly dead: number;
}

const READ_NOISE = 0.028;
const HOT = 50;
const DO_NOT_USE = 1;

/** An exposure's arrays from its noiseless rate image (DN/s, without sky), which becomes `data`: sky, noise, cosmic rays, dead pixels. */
export function observe(rate: Float32Array, size: number, options: NoiseOptions, random: Random): Planes {
  const { gain, exposureTime } = options;
  const pixels = size * size;
  const err = new Uint16Array(pixels);
  const var_poisson = new Uint16Array(pixels);
  const var_rnoise = new Uint16Array(pixels);
  const normal = normalTable();
  const real = new Float32Array(3);
  const word = new Uint32Array(real.buffer);
  const wave = Float64Array.from({ length: size }, (_, x) => 0.02 * Math.sin(x / 1500));
  for (let y = 0, i = 0; y < size; y++) {
    const down = Math.cos(y / 1900);
    for (let x = 0; x < size; x++, i++) {
      const bits = random.bits();
      const spread = normal[bits >>> 16];
      const expected = rate[i] + options.sky * (1 + wave[x] * down);
      const poisson = Math.max(expected, 0) / (gain * exposureTime);
      const read = READ_NOISE ** 2 * (1 + 0.1 * spread * spread);
      real[0] = Math.sqrt(poisson + read);
      real[1] = poisson;
      real[2] = read;
      rate[i] = expected + normal[bits & 0xffff] * real[0];
      err[i] = float32BitsToHalf(word[0]);
      var_poisson[i] = float32BitsToHalf(word[1]);
      var_rnoise[i] = float32BitsToHalf(word[2]);
    }
  }
  addCosmicRays(rate, size, Math.floor(pixels * options.cosmicRays), random);
  const dq = addDeadPixels(rate, Math.floor(pixels * options.dead), random);
  return { data: rate, err, dq, var_poisson, var_rnoise };
}

/** Straight tracks of one to five pixels. */
function addCosmicRays(data: Float32Array, size: number, count: number, random: Random): void {
  for (let k = 0; k < count; k++) {
    const [x, y, length] = [random.below(size), random.below(size), 1 + random.below(5)];
    const angle = random.uniform(0, Math.PI);
    const amount = 0.8 - 8 * Math.log(1 - random.uniform());
    for (let i = 0; i < length; i++) {
      const px = Math.min(size - 1, Math.max(0, Math.round(x + i * Math.cos(angle))));
      const py = Math.min(size - 1, Math.max(0, Math.round(y + i * Math.sin(angle))));
      data[py * size + px] += amount;
    }
  }
}

function addDeadPixels(data: Float32Array, count: number, random: Random): Uint32Array {
  const dq = new Uint32Array(data.length);
  for (let k = 0; k < count; k++) {
    const i = random.below(data.length);
    data[i] = random.uniform() < 0.5 ? NaN : HOT;
    dq[i] = DO_NOT_USE;
  }
  return dq;
}
