import { UserError } from "../../errors.js";
import { apply2, type Matrix2 } from "./linear.js";
import type { Columns, Transform } from "./transform.js";

/** x + offset. */
export class Shift implements Transform {
  readonly kind = "shift";
  readonly nInputs = 1;
  readonly nOutputs = 1;
  constructor(readonly offset: number) {}
  evaluate([x]: Columns, [out]: Columns, n: number): void {
    for (let i = 0; i < n; i++) out[i] = x[i] + this.offset;
  }
  inverse(): Transform {
    return new Shift(-this.offset);
  }
}

/** factor x (astropy Scale and Multiply). */
export class Scale implements Transform {
  readonly kind = "scale";
  readonly nInputs = 1;
  readonly nOutputs = 1;
  constructor(readonly factor: number) {}
  evaluate([x]: Columns, [out]: Columns, n: number): void {
    for (let i = 0; i < n; i++) out[i] = this.factor * x[i];
  }
  inverse(): Transform {
    return new Scale(1 / this.factor);
  }
}

/** slope x + intercept. */
export class Linear1D implements Transform {
  readonly kind = "linear1d";
  readonly nInputs = 1;
  readonly nOutputs = 1;
  constructor(
    readonly slope: number,
    readonly intercept: number,
  ) {}
  evaluate([x]: Columns, [out]: Columns, n: number): void {
    for (let i = 0; i < n; i++) out[i] = this.slope * x[i] + this.intercept;
  }
  inverse(): Transform {
    return new Linear1D(1 / this.slope, -this.intercept / this.slope);
  }
}

/** slopeX x + slopeY y + intercept: a plane. */
export class Planar2D implements Transform {
  readonly kind = "planar2d";
  readonly nInputs = 2;
  readonly nOutputs = 1;
  constructor(
    readonly slopeX: number,
    readonly slopeY: number,
    readonly intercept: number,
  ) {}
  evaluate([x, y]: Columns, [out]: Columns, n: number): void {
    for (let i = 0; i < n; i++) out[i] = this.slopeX * x[i] + this.slopeY * y[i] + this.intercept;
  }
  inverse(): undefined {
    return undefined;
  }
}

/** The same value for every point of one or two inputs. */
export class Constant implements Transform {
  readonly kind = "constant";
  readonly nOutputs = 1;
  constructor(
    readonly value: number,
    readonly nInputs: 1 | 2 = 1,
  ) {}
  evaluate(_input: Columns, [out]: Columns, n: number): void {
    out.fill(this.value, 0, n);
  }
  inverse(): undefined {
    return undefined;
  }
}

/** Output j is input mapping[j] (astropy Mapping; Identity is the mapping 0, 1, 2 ...). */
export class Mapping implements Transform {
  readonly kind = "remap_axes";
  readonly nInputs: number;
  readonly nOutputs: number;
  constructor(
    readonly mapping: readonly number[],
    nInputs?: number,
  ) {
    this.nOutputs = mapping.length;
    this.nInputs = nInputs ?? Math.max(...mapping) + 1;
  }
  static identity(count: number): Mapping {
    return new Mapping(Array.from({ length: count }, (_, i) => i));
  }
  evaluate(input: Columns, output: Columns, n: number): void {
    for (let j = 0; j < this.nOutputs; j++) {
      const from = input[this.mapping[j]];
      const to = output[j];
      for (let i = 0; i < n; i++) to[i] = from[i];
    }
  }
  inverse(): Transform | undefined {
    const back = Array.from({ length: this.nInputs }, (_, i) => this.mapping.indexOf(i));
    return back.includes(-1) ? undefined : new Mapping(back, this.nOutputs);
  }
}

/** matrix (x, y) + translation. */
export class Affine implements Transform {
  readonly kind = "affine";
  readonly nInputs = 2;
  readonly nOutputs = 2;
  constructor(
    readonly matrix: Matrix2,
    readonly translation: readonly [number, number] = [0, 0],
  ) {}
  evaluate(input: Columns, output: Columns, n: number): void {
    apply2(this.matrix, this.translation, input, output, n);
  }
  inverse(): Transform {
    const m = invert2(this.matrix);
    const [tu, tv] = this.translation;
    return new Affine(m, [-(m[0][0] * tu + m[0][1] * tv), -(m[1][0] * tu + m[1][1] * tv)]);
  }
}

function invert2([[a, b], [c, d]]: Matrix2): Matrix2 {
  const det = a * d - b * c;
  if (det === 0) throw new UserError("wcs: affine: the matrix is singular, the transform has no inverse");
  return [
    [d / det, -b / det],
    [-c / det, a / det],
  ];
}
