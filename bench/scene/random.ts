/** A seeded stream of random numbers: sfc32 (Chris Doty-Humphrey's Small Fast Counter, 32 bits). The same seed gives the same bits everywhere. */
export class Random {
  private a: number;
  private b: number;
  private c = 0x9e3779b9 | 0;
  private counter = 1;

  constructor(seed: number, stream = 0) {
    this.a = seed | 0;
    this.b = stream | 0;
    for (let i = 0; i < 16; i++) this.bits();
  }

  /** 32 random bits, as a signed integer. */
  bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + ((high - low) * (this.bits() >>> 0)) / 2 ** 32;
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.uniform(0, count));
  }

  /** Standard normal. */
  normal(): number {
    return normalTable()[this.bits() & 0xffff];
  }
}

let table: Float32Array | undefined;

/** Quantiles of the standard normal distribution at (i + 0.5) / 65536: an index of 16 random bits draws from it. */
export function normalTable(): Float32Array {
  if (table) return table;
  const quantiles = new Float32Array(65536);
  for (let i = 0; i < 32768; i++) {
    const value = normalQuantile((i + 0.5) / 65536);
    quantiles[i] = value;
    quantiles[65535 - i] = -value;
  }
  return (table = quantiles);
}

/** Inverse of the normal distribution for p < 0.5, to 4.5e-4 (Abramowitz & Stegun 26.2.23): plenty for noise. */
function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return -(t - above / below);
}
