import { roundToHalf } from "../../src/host/numerics/half.js";

/** Values of an exposure's planes; `half` names those stored, and computed on, in half precision. */
export interface PackInput {
  readonly data: ArrayLike<number>;
  readonly err: ArrayLike<number>;
  readonly poisson: ArrayLike<number>;
  readonly rnoise?: ArrayLike<number>;
  readonly flat?: ArrayLike<number>;
  readonly dq: ArrayLike<number>;
  readonly half: boolean;
}

export type PackWeighting =
  | { readonly type: "ivm" }
  | { readonly type: "exptime"; readonly time: number }
  | { readonly type: "ivm-sky"; readonly median: number };

export interface Packed {
  readonly weight: number[];
  readonly data: number[];
  readonly rnoise: number[];
  readonly poisson: number[];
  readonly flat: number[];
  readonly good: boolean[];
}

/**
 * stcal 1.20 build_driz_weight and the roots that _resample_one_variance_array drizzles, with numpy's rounding: float16 planes
 * stay float16 in 1 / var and sqrt(var); romancal compute_var_rnoise and compute_var_sky. Twin of pack.wgsl.
 */
export function packTwin(
  input: PackInput,
  badBits: number,
  level: number,
  weighting: PackWeighting,
  visited: (p: number) => boolean,
): Packed {
  const { data, err, poisson, rnoise, flat, dq, half } = input;
  const f = Math.fround;
  const noiseIsHalf = half && rnoise !== undefined;
  const to = (isHalf: boolean) => (x: number) => (isHalf ? roundToHalf(x) : f(x));
  const out: Packed = { weight: [], data: [], rnoise: [], poisson: [], flat: [], good: [] };
  const finiteOrZero = (x: number): number => (Number.isFinite(x) ? x : 0);
  for (let p = 0; p < data.length; p++) {
    const noise = rnoise ? rnoise[p] : f(f(f(err[p] * err[p]) - poisson[p]) - (flat ? flat[p] : 0));
    const good = (dq[p] & badBits) === 0 && visited(p);
    let variance = noise;
    if (weighting.type === "ivm-sky" && data[p] !== 0)
      variance = to(noiseIsHalf)(f(noise + f(f(poisson[p] / data[p]) * f(weighting.median))));
    const weight =
      weighting.type === "exptime" ? f(weighting.time) : finiteOrZero(to(noiseIsHalf)(1 / variance));
    const counts = good && weight !== 0;
    out.good.push(good);
    out.weight.push(counts ? weight : 0);
    out.data.push(counts ? f(data[p] - f(level)) : 0);
    out.rnoise.push(counts ? to(noiseIsHalf)(Math.sqrt(noise)) : good ? -1 : 0);
    out.poisson.push(counts ? to(half)(Math.sqrt(poisson[p])) : 0);
    out.flat.push(counts && flat ? to(half)(Math.sqrt(flat[p])) : 0);
  }
  return out;
}
