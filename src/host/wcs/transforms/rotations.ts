import { UserError } from "../../errors.js";
import { apply2, apply3, type Matrix2, type Matrix3, multiply3 } from "./linear.js";
import { cartesianToSpherical, type LonWrap, sphericalToCartesian } from "./spherical.js";
import { type Columns, D2R, R2D, scratch, type Transform } from "./transform.js";

/** The matrix of rotations about x, y, z by angles in radians, the first applied first (astropy.modeling.rotations._create_matrix). */
function rotationMatrix(radians: readonly number[], axes: string): Matrix3 {
  let total: Matrix3 | undefined;
  for (let k = axes.length - 1; k >= 0; k--) {
    const one = axisMatrix(radians[k], axes[k]);
    total = total ? multiply3(total, one) : one;
  }
  return total ?? Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
}

/** astropy.coordinates.matrix_utilities.rotation_matrix: a rotation of the axes, not of the vector. */
function axisMatrix(radians: number, axis: string): Matrix3 {
  const i = "xyz".indexOf(axis);
  if (i < 0) throw new UserError(`wcs: rotation: axis "${axis}" is none of x, y, z`);
  const [a, b] = [(i + 1) % 3, (i + 2) % 3];
  const [s, c] = [Math.sin(radians), Math.cos(radians)];
  const m = new Float64Array(9);
  m[i * 3 + i] = 1;
  m[a * 3 + a] = c;
  m[a * 3 + b] = s;
  m[b * 3 + a] = -s;
  m[b * 3 + b] = c;
  return m;
}

/** astropy keeps angles in radians, hands them out in degrees, negated, and takes them in again: the same roundings here. */
const negated = (radians: readonly number[]): number[] =>
  radians.map((angle) => angle * R2D * -1 * D2R).reverse();
const reversed = (axes: string): string => [...axes].reverse().join("");

/** astropy RotationSequence3D; angles in radians. */
export class RotationSequence3D implements Transform {
  readonly kind = "rotate_sequence_3d";
  readonly nInputs = 3;
  readonly nOutputs = 3;
  private readonly matrix: Matrix3;
  constructor(
    readonly radians: readonly number[],
    readonly axes: string,
  ) {
    this.matrix = rotationMatrix(radians, axes);
  }
  evaluate(input: Columns, output: Columns, n: number): void {
    apply3(this.matrix, input, output, n);
  }
  inverse(): Transform {
    return new RotationSequence3D(negated(this.radians), reversed(this.axes));
  }
}

/** Longitude and latitude in degrees to vectors, rotated, and back; what all of astropy's spherical rotations do. */
class SphericalRotation {
  private readonly vector = scratch(3);
  private readonly rotated = scratch(3);
  private readonly matrix: Matrix3;
  constructor(
    radians: readonly number[],
    axes: string,
    private readonly wrap: LonWrap,
  ) {
    this.matrix = rotationMatrix(radians, axes);
  }
  evaluate(input: Columns, output: Columns, n: number): void {
    sphericalToCartesian(input, this.vector, n);
    apply3(this.matrix, this.vector, this.rotated, n);
    cartesianToSpherical(this.rotated, output, n, this.wrap);
  }
}

/** astropy SphericalRotationSequence and EulerAngleRotation; angles in radians. */
export class EulerRotation extends SphericalRotation implements Transform {
  readonly kind = "rotate3d";
  readonly nInputs = 2;
  readonly nOutputs = 2;
  constructor(
    readonly radians: readonly number[],
    readonly axes: string,
  ) {
    super(radians, axes, "none");
  }
  inverse(): Transform {
    return new EulerRotation(negated(this.radians), reversed(this.axes));
  }
}

/** astropy RotateNative2Celestial and RotateCelestial2Native (FITS WCS paper II, eq. 2 and 5); angles in radians. */
export class SkyRotation extends SphericalRotation implements Transform {
  readonly kind = "rotate3d";
  readonly nInputs = 2;
  readonly nOutputs = 2;
  constructor(
    readonly direction: "native2celestial" | "celestial2native",
    readonly lon: number,
    readonly lat: number,
    readonly lonPole: number,
  ) {
    const half = Math.PI / 2;
    super(
      direction === "native2celestial"
        ? [lonPole - half, -(half - lat), -(half + lon)]
        : [half + lon, half - lat, -(lonPole - half)],
      "zxz",
      "add",
    );
  }
  static degrees(
    direction: SkyRotation["direction"],
    lon: number,
    lat: number,
    lonPole: number,
  ): SkyRotation {
    return new SkyRotation(direction, lon * D2R, lat * D2R, lonPole * D2R);
  }
  inverse(): Transform {
    const other = this.direction === "native2celestial" ? "celestial2native" : "native2celestial";
    return new SkyRotation(other, this.lon, this.lat, this.lonPole);
  }
}

/** astropy Rotation2D: counter-clockwise by an angle in radians. */
export class Rotation2D implements Transform {
  readonly kind = "rotate2d";
  readonly nInputs = 2;
  readonly nOutputs = 2;
  constructor(readonly radians: number) {}
  evaluate(input: Columns, output: Columns, n: number): void {
    const [s, c] = [Math.sin(this.radians), Math.cos(this.radians)];
    const matrix: Matrix2 = [
      [c, -s],
      [s, c],
    ];
    apply2(matrix, [0, 0], input, output, n);
  }
  inverse(): Transform {
    return new Rotation2D(-this.radians * R2D * D2R);
  }
}
