import { UserError } from "../../errors.js";
import { type Columns, type Transform } from "./transform.js";

export type Range = readonly [number, number];
/** Linear map of a domain onto a window (astropy poly_map_domain): x -> offset + scale x; undefined where it is the identity. */
export type DomainMap = { offset: number; scale: number } | undefined;

export function domainMap(domain: Range | undefined, window: Range | undefined): DomainMap {
  if (!domain) return undefined;
  const to: Range = window ?? [-1, 1];
  const width = domain[1] - domain[0];
  const scale = (to[1] - to[0]) / width;
  const offset = (to[0] * domain[1] - to[1] * domain[0]) / width;
  return scale === 1 && offset === 0 ? undefined : { offset, scale };
}

/** Sum of c[i] x^i. */
export class Polynomial1D implements Transform {
  readonly kind = "polynomial";
  readonly nInputs = 1;
  readonly nOutputs = 1;
  constructor(
    readonly coefficients: Float64Array,
    readonly map?: DomainMap,
  ) {}
  evaluate([xs]: Columns, [out]: Columns, n: number): void {
    const c = this.coefficients;
    const { offset, scale } = this.map ?? { offset: 0, scale: 1 };
    for (let p = 0; p < n; p++) {
      const x = offset + scale * xs[p];
      let sum = c[c.length - 1];
      for (let i = c.length - 2; i >= 0; i--) sum = c[i] + x * sum;
      out[p] = sum;
    }
  }
  inverse(): undefined {
    return undefined;
  }
}

/**
 * Sum of c[i][j] x^i y^j over i + j <= degree; coefficients (degree + 1)^2, row-major [i][j]. Horner in y of Horners in x, summed in
 * the order of astropy.modeling.polynomial.Polynomial2D.multivariate_horner, so that the last bits agree too.
 */
export class Polynomial2D implements Transform {
  readonly kind = "polynomial";
  readonly nInputs = 2;
  readonly nOutputs = 1;
  readonly degree: number;
  /** Coefficients in the order they are met: j from degree down, in each i from degree - j down. */
  private readonly ordered: Float64Array;
  constructor(
    coefficients: Float64Array,
    readonly mapX?: DomainMap,
    readonly mapY?: DomainMap,
  ) {
    const side = Math.round(Math.sqrt(coefficients.length));
    if (side * side !== coefficients.length)
      throw new UserError("wcs: polynomial: coefficients are not square");
    this.degree = side - 1;
    const ordered: number[] = [];
    for (let j = this.degree; j >= 0; j--)
      for (let i = this.degree - j; i >= 0; i--) ordered.push(coefficients[i * side + j]);
    this.ordered = Float64Array.from(ordered);
  }
  evaluate([xs, ys]: Columns, [out]: Columns, n: number): void {
    const { degree, ordered: c, mapX, mapY } = this;
    for (let p = 0; p < n; p++) {
      const x = mapX ? mapX.offset + mapX.scale * xs[p] : xs[p];
      const y = mapY ? mapY.offset + mapY.scale * ys[p] : ys[p];
      let rows = 0;
      let k = 0;
      for (let j = degree; j > 0; j--) {
        let row = 0;
        for (let i = degree - j; i > 0; i--) row = x * (c[k++] + row);
        rows = y * (c[k++] + row + rows);
      }
      let row = 0;
      for (let i = degree; i > 0; i--) row = x * (c[k++] + row);
      out[p] = c[k] + row + rows;
    }
  }
  inverse(): undefined {
    return undefined;
  }
}

export type OrthoFamily = "chebyshev" | "legendre";

/** values[0..degree] of the family's functions at x, by their three-term recurrences. */
function orthoValues(family: OrthoFamily, x: number, values: Float64Array): void {
  values[0] = 1;
  if (values.length > 1) values[1] = x;
  for (let k = 2; k < values.length; k++) {
    const [p, q] = [values[k - 1], values[k - 2]];
    if (family === "chebyshev") values[k] = 2 * x * p - q;
    else values[k] = ((2 * k - 1) * x * p - (k - 1) * q) / k;
  }
}

/** Sum of c[i] P_i(x), or of c[i][j] P_i(x) P_j(y) (row-major, shape [nx, ny]), of a family of orthogonal polynomials. */
export class OrthoPolynomial implements Transform {
  readonly kind = "ortho_polynomial";
  readonly nInputs: 1 | 2;
  readonly nOutputs = 1;
  private readonly px: Float64Array;
  private readonly py: Float64Array;
  constructor(
    readonly family: OrthoFamily,
    readonly coefficients: Float64Array,
    readonly shape: readonly number[],
    readonly maps: readonly DomainMap[] = [],
  ) {
    this.nInputs = shape.length === 2 ? 2 : 1;
    this.px = new Float64Array(shape[0]);
    this.py = new Float64Array(shape[1] ?? 1);
  }
  evaluate(input: Columns, [out]: Columns, n: number): void {
    const { px, py, coefficients: c, maps } = this;
    const at = (axis: number, p: number): number => {
      const map = maps[axis];
      return map ? map.offset + map.scale * input[axis][p] : input[axis][p];
    };
    for (let p = 0; p < n; p++) {
      orthoValues(this.family, at(0, p), px);
      if (this.nInputs === 2) orthoValues(this.family, at(1, p), py);
      else py[0] = 1;
      let sum = 0;
      for (let i = 0, k = 0; i < px.length; i++)
        for (let j = 0; j < py.length; j++) sum += c[k++] * px[i] * py[j];
      out[p] = sum;
    }
  }
  inverse(): undefined {
    return undefined;
  }
}
