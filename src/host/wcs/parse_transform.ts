import { type AsdfValue, tagOf } from "../asdf/types.js";
import { UserError } from "../errors.js";
import { type ArrayValues, NodeReader, tagName } from "./numeric_node.js";
import { Affine, Constant, Linear1D, Mapping, Planar2D, Scale, Shift } from "./transforms/basic.js";
import { Arithmetic, Compose, Concatenate, OPERATORS, WithInverse } from "./transforms/compound.js";
import { FitsImaging } from "./transforms/fits_imaging.js";
import { Pix2SkyGnomonic, Sky2PixGnomonic } from "./transforms/gnomonic.js";
import type { Matrix2 } from "./transforms/linear.js";
import {
  domainMap,
  OrthoPolynomial,
  Polynomial1D,
  Polynomial2D,
  type Range,
} from "./transforms/polynomial.js";
import { EulerRotation, Rotation2D, RotationSequence3D, SkyRotation } from "./transforms/rotations.js";
import {
  CartesianToSpherical,
  FromDirectionCosines,
  SphericalToCartesian,
  ToDirectionCosines,
} from "./transforms/spherical.js";
import { D2R, type Transform } from "./transforms/transform.js";

/** The transform that a tagged node of asdf-transform-schemas or gwcs describes. Throws UserError on one we don't know. */
export function parseTransform(node: AsdfValue | undefined, where: string, arrays: ArrayValues): Transform {
  const name = tagName(node);
  const make = MAKERS[name] as Maker | undefined;
  if (!make || !Object.hasOwn(MAKERS, name))
    throw new UserError(`${where}: transform ${tagOf(node ?? null) ?? "without a tag"} is not supported`);
  const reader = NodeReader.of(node, where, arrays);
  const child = (value: AsdfValue | undefined, at: string): Transform =>
    parseTransform(value, `${where}.${at}`, arrays);
  const transform = make(reader, child);
  return reader.has("inverse")
    ? new WithInverse(transform, child(reader.node.inverse, "inverse"))
    : transform;
}

type Child = (node: AsdfValue | undefined, at: string) => Transform;
type Maker = (reader: NodeReader, child: Child) => Transform;

const MAKERS: Record<string, Maker> = {
  shift: (r) => new Shift(r.number("offset")),
  scale: (r) => new Scale(r.number("factor")),
  multiplyscale: (r) => new Scale(r.number("factor")),
  linear1d: (r) => new Linear1D(r.number("slope"), r.number("intercept")),
  planar2d: (r) => new Planar2D(r.number("slope_x"), r.number("slope_y"), r.number("intercept")),
  constant: (r) =>
    new Constant(r.number("value"), r.has("dimensions") && r.number("dimensions") === 2 ? 2 : 1),
  identity: (r) => Mapping.identity(r.has("n_dims") ? r.number("n_dims") : 1),
  remap_axes: (r) => new Mapping([...r.numbers("mapping", [null]).values], optional(r, "n_inputs")),
  affine: (r) => new Affine(matrix2(r, "matrix"), r.has("translation") ? r.pair("translation") : [0, 0]),
  polynomial,
  ortho_polynomial: orthoPolynomial,
  rotate2d: (r) => new Rotation2D(r.number("angle") * D2R),
  rotate3d,
  rotate_sequence_3d: rotateSequence,
  spherical_cartesian: sphericalCartesian,
  direction_cosines: (r) =>
    choose<Transform>(r, "transform_type", {
      to_direction_cosines: () => new ToDirectionCosines(),
      from_direction_cosines: () => new FromDirectionCosines(),
    }),
  gnomonic: (r) =>
    choose<Transform>(r, "direction", {
      pix2sky: () => new Pix2SkyGnomonic(),
      sky2pix: () => new Sky2PixGnomonic(),
    }),
  fitswcs_imaging: fitsImaging,
  compose: pairOf((a, b) => new Compose(a, b)),
  concatenate: pairOf((a, b) => new Concatenate(a, b)),
};
for (const kind of Object.keys(OPERATORS) as (keyof typeof OPERATORS)[])
  MAKERS[kind] = pairOf((a, b) => new Arithmetic(kind, a, b));

function pairOf(join: (a: Transform, b: Transform) => Transform): Maker {
  return (reader, child) => {
    const parts = reader.list("forward");
    if (parts.length < 2) throw reader.wrong("forward", "two transforms");
    return parts.map((part, i) => child(part, `forward[${i}]`)).reduce(join);
  };
}

function choose<T>(reader: NodeReader, key: string, choices: Record<string, () => T>): T {
  const word = reader.string(key);
  if (!Object.hasOwn(choices, word))
    throw new UserError(
      `${reader.where}.${key}: expected ${Object.keys(choices).join(" or ")}, found "${word}"`,
    );
  return choices[word]();
}

function optional(reader: NodeReader, key: string): number | undefined {
  return reader.has(key) ? reader.number(key) : undefined;
}

function matrix2(reader: NodeReader, key: string): Matrix2 {
  const { values: m } = reader.numbers(key, [2, 2]);
  return [
    [m[0], m[1]],
    [m[2], m[3]],
  ];
}

/** `domain` or `window`: one range for one variable, two for two. */
function ranges(reader: NodeReader, key: string, variables: number): (Range | undefined)[] {
  if (!reader.has(key)) return [];
  const raw = reader.node[key];
  if (variables === 2 && Array.isArray(raw) && raw.every((item) => item === null)) return [];
  const { values } = reader.numbers(key, variables === 1 ? [2] : [2, 2]);
  return Array.from({ length: variables }, (_, i): Range => [values[2 * i], values[2 * i + 1]]);
}

function domainMaps(reader: NodeReader, variables: number): ReturnType<typeof domainMap>[] {
  const domain = ranges(reader, "domain", variables);
  const window = ranges(reader, "window", variables);
  return Array.from({ length: variables }, (_, i) => domainMap(domain[i], window[i]));
}

function polynomial(reader: NodeReader): Transform {
  const { values, shape } = reader.numbers("coefficients");
  if (shape.length !== 1 && (shape.length !== 2 || shape[0] !== shape[1]))
    throw reader.wrong("coefficients", "numbers of shape [n] or [n, n]");
  const maps = domainMaps(reader, shape.length);
  return shape.length === 1 ? new Polynomial1D(values, maps[0]) : new Polynomial2D(values, maps[0], maps[1]);
}

function orthoPolynomial(reader: NodeReader): Transform {
  const { values, shape } = reader.numbers("coefficients");
  const family = choose(reader, "polynomial_type", {
    chebyshev: () => "chebyshev" as const,
    legendre: () => "legendre" as const,
  });
  return new OrthoPolynomial(family, values, shape, domainMaps(reader, shape.length));
}

function rotate3d(reader: NodeReader): Transform {
  const [phi, theta, psi] = ["phi", "theta", "psi"].map((key) => reader.number(key));
  const direction = reader.string("direction");
  return direction === "native2celestial" || direction === "celestial2native"
    ? SkyRotation.degrees(direction, phi, theta, psi)
    : new EulerRotation([phi * D2R, theta * D2R, psi * D2R], direction);
}

function rotateSequence(reader: NodeReader): Transform {
  const radians = Array.from(reader.numbers("angles", [null]).values, (angle) => angle * D2R);
  const axes = reader.string("axes_order");
  if (radians.length !== axes.length)
    throw reader.wrong("angles", `${axes.length} numbers, one for each axis`);
  return choose<Transform>(reader, "rotation_type", {
    cartesian: () => new RotationSequence3D(radians, axes),
    spherical: () => new EulerRotation(radians, axes),
  });
}

function sphericalCartesian(reader: NodeReader): Transform {
  const wrap = reader.has("wrap_lon_at") ? reader.number("wrap_lon_at") : 360;
  if (wrap !== 180 && wrap !== 360) throw reader.wrong("wrap_lon_at", "180 or 360");
  return choose<Transform>(reader, "transform_type", {
    spherical_to_cartesian: () => new SphericalToCartesian(wrap),
    cartesian_to_spherical: () => new CartesianToSpherical(wrap),
  });
}

function fitsImaging(reader: NodeReader, child: Child): Transform {
  if (!(child(reader.node.projection, "projection") instanceof Pix2SkyGnomonic))
    throw reader.wrong("projection", "a gnomonic projection, pix2sky");
  return new FitsImaging({
    crpix: reader.pair("crpix"),
    crval: reader.pair("crval"),
    cdelt: reader.pair("cdelt"),
    pc: matrix2(reader, "pc"),
  });
}
