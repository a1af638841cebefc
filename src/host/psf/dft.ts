/** A complex image, row-major. */
export interface ComplexImage {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * Two-dimensional discrete Fourier transform of an image of any size, numpy's convention: forward exp(-2 pi i k x / n) without a
 * factor, inverse exp(+...) divided by nx * ny. By rows and columns, for PSF stamps: a prime number of rows takes its square a line.
 */
export function dft2(image: ComplexImage, nx: number, ny: number, inverse = false): ComplexImage {
  const rows = alongRows(image, nx, ny, inverse);
  const columns = transpose(alongRows(transpose(rows, nx, ny), ny, nx, inverse), ny, nx);
  if (inverse) {
    const factor = 1 / (nx * ny);
    for (let i = 0; i < columns.re.length; i++) {
      columns.re[i] *= factor;
      columns.im[i] *= factor;
    }
  }
  return columns;
}

/** numpy.fft.fftfreq: frequencies in cycles per unit of the spacing `d`. */
export function fftFrequencies(n: number, d: number): Float64Array {
  const negative = Math.ceil(n / 2);
  return Float64Array.from({ length: n }, (_, i) => (i < negative ? i : i - n) / (n * d));
}

/** Roll so that the zero frequency (index 0) comes to index n >> 1 (fftshift), or back (ifftshift with `inverse`). */
export function shift2(plane: Float64Array, nx: number, ny: number, inverse = false): Float64Array {
  const [sx, sy] = inverse ? [Math.ceil(nx / 2), Math.ceil(ny / 2)] : [nx >> 1, ny >> 1];
  const out = new Float64Array(plane.length);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) out[((y + sy) % ny) * nx + ((x + sx) % nx)] = plane[y * nx + x];
  }
  return out;
}

function alongRows({ re, im }: ComplexImage, nx: number, ny: number, inverse: boolean): ComplexImage {
  const out = { re: new Float64Array(re.length), im: new Float64Array(re.length) };
  const line = new LineTransform(nx, inverse);
  for (let row = 0; row < nx * ny; row += nx)
    line.run(
      { re: re.subarray(row, row + nx), im: im.subarray(row, row + nx) },
      { re: out.re.subarray(row, row + nx), im: out.im.subarray(row, row + nx) },
    );
  return out;
}

/** The transform of a line of n = a b samples: a of length b over every a-th sample, turned, then b of length a (Cooley and Tukey 1965). */
class LineTransform {
  private readonly b: number;
  private readonly inner: DirectTransform;
  private readonly outer: DirectTransform;
  private readonly turns: Roots;
  private readonly held: ComplexImage;

  constructor(
    private readonly n: number,
    inverse: boolean,
  ) {
    let a = Math.floor(Math.sqrt(n));
    while (n % a) a--;
    this.b = n / a;
    this.inner = new DirectTransform(this.b, inverse);
    this.outer = new DirectTransform(a, inverse);
    this.turns = rootsOf(n, inverse);
    this.held = { re: new Float64Array(n), im: new Float64Array(n) };
  }

  run(line: ComplexImage, out: ComplexImage): void {
    const { n, b, held, turns } = this;
    const a = n / b;
    for (let r = 0; r < a; r++) {
      this.inner.run(line, r, a, held, r * b, 1);
      for (let k = 0, i = r * b; k < b; k++, i++) {
        const [re, im] = [held.re[i], held.im[i]];
        held.re[i] = re * turns.cos[r * k] - im * turns.sin[r * k];
        held.im[i] = re * turns.sin[r * k] + im * turns.cos[r * k];
      }
    }
    for (let k = 0; k < b; k++) this.outer.run(held, k, b, out, k, b);
  }
}

/** exp(-2 pi i k / n), or its inverse. */
interface Roots {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

function rootsOf(n: number, inverse: boolean): Roots {
  const sign = inverse ? 1 : -1;
  return {
    cos: Float64Array.from({ length: n }, (_, k) => Math.cos((2 * Math.PI * k) / n)),
    sin: Float64Array.from({ length: n }, (_, k) => sign * Math.sin((2 * Math.PI * k) / n)),
  };
}

/** The transform of n samples, O(n^2), frequencies k and n - k together. */
class DirectTransform {
  private readonly roots: Roots;
  private readonly real: Folding;
  private readonly imaginary: Folding;

  constructor(
    private readonly n: number,
    inverse: boolean,
  ) {
    this.roots = rootsOf(n, inverse);
    this.real = foldings(n);
    this.imaginary = foldings(n);
  }

  /** Samples from `start` on, `step` apart, to `to` on, `by` apart. */
  run(line: ComplexImage, start: number, step: number, out: ComplexImage, to: number, by: number): void {
    const { n, real, imaginary } = this;
    const { cos, sin } = this.roots;
    fold(line.re, start, step, n, real);
    fold(line.im, start, step, n, imaginary);
    for (let k = 0; k <= n >> 1; k++) {
      let [evenRe, evenIm, oddRe, oddIm] = [0, 0, 0, 0];
      for (let x = 0, root = 0; x < real.even.length; x++) {
        evenRe += real.even[x] * cos[root];
        evenIm += imaginary.even[x] * cos[root];
        oddRe += real.odd[x] * sin[root];
        oddIm += imaginary.odd[x] * sin[root];
        root += k;
        if (root >= n) root -= n;
      }
      const mirror = to + ((n - k) % n) * by;
      out.re[mirror] = evenRe + oddIm;
      out.im[mirror] = evenIm - oddRe;
      out.re[to + k * by] = evenRe - oddIm;
      out.im[to + k * by] = evenIm + oddRe;
    }
  }
}

interface Folding {
  readonly even: Float64Array;
  readonly odd: Float64Array;
}

function foldings(n: number): Folding {
  const length = (n >> 1) + 1;
  return { even: new Float64Array(length), odd: new Float64Array(length) };
}

/** Sums and differences of the samples at x and n - x: the first meet the cosines, the others the sines. */
function fold(line: Float64Array, start: number, step: number, n: number, { even, odd }: Folding): void {
  for (let x = 0; x < even.length; x++) {
    const alone = x === 0 || 2 * x === n;
    const own = line[start + x * step];
    const other = alone ? 0 : line[start + (n - x) * step];
    even[x] = own + other;
    odd[x] = alone ? 0 : own - other;
  }
}

function transpose({ re, im }: ComplexImage, nx: number, ny: number): ComplexImage {
  const out = { re: new Float64Array(re.length), im: new Float64Array(re.length) };
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      out.re[x * ny + y] = re[y * nx + x];
      out.im[x * ny + y] = im[y * nx + x];
    }
  }
  return out;
}
