/** A complex image, row-major. */
export interface ComplexImage {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * Two-dimensional discrete Fourier transform of an image of any size, numpy's convention: forward exp(-2 pi i k x / n) without a
 * factor, inverse exp(+...) divided by nx * ny. By rows and columns with a table of roots, O(n^3), frequencies k and n - k together: for PSF stamps.
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
  const sign = inverse ? 1 : -1;
  const cos = Float64Array.from({ length: nx }, (_, k) => Math.cos((2 * Math.PI * k) / nx));
  const sin = Float64Array.from({ length: nx }, (_, k) => sign * Math.sin((2 * Math.PI * k) / nx));
  const out = { re: new Float64Array(re.length), im: new Float64Array(re.length) };
  const real = foldings(nx);
  const imaginary = foldings(nx);
  for (let row = 0; row < nx * ny; row += nx) {
    fold(re, row, nx, real);
    fold(im, row, nx, imaginary);
    for (let k = 0; k <= nx >> 1; k++) {
      let [evenRe, evenIm, oddRe, oddIm] = [0, 0, 0, 0];
      for (let x = 0, root = 0; x < real.even.length; x++) {
        evenRe += real.even[x] * cos[root];
        evenIm += imaginary.even[x] * cos[root];
        oddRe += real.odd[x] * sin[root];
        oddIm += imaginary.odd[x] * sin[root];
        root += k;
        if (root >= nx) root -= nx;
      }
      const mirror = row + ((nx - k) % nx);
      out.re[mirror] = evenRe + oddIm;
      out.im[mirror] = evenIm - oddRe;
      out.re[row + k] = evenRe - oddIm;
      out.im[row + k] = evenIm + oddRe;
    }
  }
  return out;
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
function fold(line: Float64Array, start: number, n: number, { even, odd }: Folding): void {
  for (let x = 0; x < even.length; x++) {
    const alone = x === 0 || 2 * x === n;
    const other = alone ? 0 : line[start + n - x];
    even[x] = line[start + x] + other;
    odd[x] = alone ? 0 : line[start + x] - other;
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
