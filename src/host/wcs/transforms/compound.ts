import { UserError } from "../../errors.js";
import { type Columns, type Transform, scratch } from "./transform.js";

/** first, then second (astropy's `|`). */
export class Compose implements Transform {
  readonly kind = "compose";
  readonly nInputs: number;
  readonly nOutputs: number;
  private readonly between: Float64Array[];
  constructor(
    readonly first: Transform,
    readonly second: Transform,
  ) {
    if (first.nOutputs !== second.nInputs)
      throw new UserError(
        `wcs: compose: ${first.kind} gives ${first.nOutputs} values, ${second.kind} takes ${second.nInputs}`,
      );
    this.nInputs = first.nInputs;
    this.nOutputs = second.nOutputs;
    this.between = scratch(first.nOutputs);
  }
  evaluate(input: Columns, output: Columns, n: number): void {
    this.first.evaluate(input, this.between, n);
    this.second.evaluate(this.between, output, n);
  }
  inverse(): Transform | undefined {
    const second = this.second.inverse();
    const first = this.first.inverse();
    return first && second && new Compose(second, first);
  }
}

/** left on the first inputs, right on the others (astropy's `&`). */
export class Concatenate implements Transform {
  readonly kind = "concatenate";
  readonly nInputs: number;
  readonly nOutputs: number;
  constructor(
    readonly left: Transform,
    readonly right: Transform,
  ) {
    this.nInputs = left.nInputs + right.nInputs;
    this.nOutputs = left.nOutputs + right.nOutputs;
  }
  evaluate(input: Columns, output: Columns, n: number): void {
    const { left, right } = this;
    left.evaluate(input.slice(0, left.nInputs), output.slice(0, left.nOutputs), n);
    right.evaluate(input.slice(left.nInputs), output.slice(left.nOutputs), n);
  }
  inverse(): Transform | undefined {
    const left = this.left.inverse();
    const right = this.right.inverse();
    return left && right && new Concatenate(left, right);
  }
}

export const OPERATORS = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
  power: (a: number, b: number) => a ** b,
};

/** Both on the same inputs, their outputs joined by an operator (astropy's `+ - * / **`). */
export class Arithmetic implements Transform {
  readonly nInputs: number;
  readonly nOutputs: number;
  private readonly a: Float64Array[];
  private readonly b: Float64Array[];
  constructor(
    readonly kind: keyof typeof OPERATORS,
    readonly left: Transform,
    readonly right: Transform,
  ) {
    if (left.nInputs !== right.nInputs || left.nOutputs !== right.nOutputs)
      throw new UserError(`wcs: ${kind}: ${left.kind} and ${right.kind} differ in their inputs or outputs`);
    this.nInputs = left.nInputs;
    this.nOutputs = left.nOutputs;
    this.a = scratch(this.nOutputs);
    this.b = scratch(this.nOutputs);
  }
  evaluate(input: Columns, output: Columns, n: number): void {
    const operate = OPERATORS[this.kind];
    this.left.evaluate(input, this.a, n);
    this.right.evaluate(input, this.b, n);
    for (let j = 0; j < this.nOutputs; j++) {
      const [a, b, out] = [this.a[j], this.b[j], output[j]];
      for (let i = 0; i < n; i++) out[i] = operate(a[i], b[i]);
    }
  }
  inverse(): undefined {
    return undefined;
  }
}

/** A transform whose inverse is given beside it (`inverse` in the file), which then counts above any analytic one. */
export class WithInverse implements Transform {
  readonly kind: string;
  readonly nInputs: number;
  readonly nOutputs: number;
  constructor(
    readonly transform: Transform,
    readonly given: Transform,
  ) {
    this.kind = transform.kind;
    this.nInputs = transform.nInputs;
    this.nOutputs = transform.nOutputs;
  }
  evaluate(input: Columns, output: Columns, n: number): void {
    this.transform.evaluate(input, output, n);
  }
  inverse(): Transform {
    return this.given;
  }
}

/** Composes all, in order; undefined of none. */
export function chain(transforms: readonly Transform[]): Transform | undefined {
  return transforms.length === 0 ? undefined : transforms.reduce((a, b) => new Compose(a, b));
}
