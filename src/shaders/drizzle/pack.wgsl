//!include shared/half.wgsl
//!include shared/nan.wgsl
// What the gather kernels read of an exposure, two floats a pixel each:
//   input: weight, data - level. Zero where the pixel is bad, not visited or of no weight, so that its NaN do no harm.
//   errors: sqrt(read noise variance), sqrt(second variance); -1, 0 where the pixel is good but of no weight.
// One more pixel of zeros follows the last.
// Planes of halves are computed on in half precision, as numpy does.
struct Params {
  nx: u32,
  ny: u32,
  bad_bits: u32,     // DQ bits that make a pixel bad
  level: f32,        // background to subtract
  weighting: u32,    // 0: 1 / read noise variance, 1: `amount`, 2: 1 / sky variance
  amount: f32,
  median: f32,       // of the good data, for the sky variance
  halves: u32,       // bit 0: rnoise, bit 1: poisson, bit 2: flat are planes of halves
  derive: u32,       // bit 0: read noise variance is err^2 - poisson (rnoise holds err), bit 1: - flat too
  second: u32,       // second variance: 0 poisson, 1 flat
  with_errors: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> rnoise: array<u32>;
@group(0) @binding(3) var<storage, read> poisson: array<u32>;
@group(0) @binding(4) var<storage, read> flat_variance: array<u32>;
@group(0) @binding(5) var<storage, read> dq: array<u32>;
@group(0) @binding(6) var<storage, read> limits: array<vec2i>;
@group(0) @binding(7) var<storage, read_write> input: array<vec2f>;
@group(0) @binding(8) var<storage, read_write> errors: array<vec2f>;

fn rnoise_value(p: u32) -> f32 {
  if ((params.halves & 1u) != 0u) { return half_lane(rnoise[p >> 1u], p); }
  return bitcast<f32>(rnoise[p]);
}

fn poisson_value(p: u32) -> f32 {
  if ((params.halves & 2u) != 0u) { return half_lane(poisson[p >> 1u], p); }
  return bitcast<f32>(poisson[p]);
}

fn flat_value(p: u32) -> f32 {
  if ((params.halves & 4u) != 0u) { return half_lane(flat_variance[p >> 1u], p); }
  return bitcast<f32>(flat_variance[p]);
}

// Of two neighbouring halves around a positive guess the right one: `test` tells whether the exact value lies above a midpoint.
fn half_reciprocal(v: f32) -> f32 {
  let x = abs(v);
  var bits = half_bits(1.0 / x);
  if (bits > 0u && bits < 0x7c00u) {
    // products of a half and a midpoint of halves are exact in f32, the quotient need not be
    let up = 0.5 * (half_value(bits) + half_value(bits + 1u));
    let down = 0.5 * (half_value(bits) + half_value(bits - 1u));
    if (bits < 0x7bffu && x * up < 1.0) { bits += 1u; } else if (x * down > 1.0) { bits -= 1u; }
  }
  return select(half_value(bits), -half_value(bits), v < 0.0);
}

fn half_root(v: f32) -> f32 {
  var bits = half_bits(sqrt(v));
  if (bits > 0u && bits < 0x7bffu) {
    let up = 0.5 * (half_value(bits) + half_value(bits + 1u));
    let down = 0.5 * (half_value(bits) + half_value(bits - 1u));
    if (up * up < v) { bits += 1u; } else if (down * down > v) { bits -= 1u; }
  }
  return half_value(bits);
}

fn reciprocal(v: f32, half: bool) -> f32 {
  if (v == 0.0 || !is_finite(v)) { return 0.0; }
  var inverse = 1.0 / v;
  if (half) { inverse = half_reciprocal(v); }
  return select(0.0, inverse, is_finite(inverse));
}

fn root(v: f32, half: bool) -> f32 {
  if (is_nan(v) || v < 0.0) { return nan(); }
  if (v == 0.0 || !is_finite(v)) { return v; }
  if (half) { return half_root(v); }
  return sqrt(v);
}

fn read_noise(p: u32) -> f32 {
  let v = rnoise_value(p);
  if ((params.derive & 1u) == 0u) { return v; }
  var derived = v * v - poisson_value(p);
  if ((params.derive & 2u) != 0u) { derived -= flat_value(p); }
  return derived;
}

fn weight_of(p: u32, noise: f32, half: bool) -> f32 {
  if (params.weighting == 1u) { return params.amount; }
  if (params.weighting == 0u || data[p] == 0.0) { return reciprocal(noise, half); }
  let sky = noise + poisson_value(p) / data[p] * params.median;
  if (half) { return reciprocal(half_round(sky), true); }
  return reciprocal(sky, false);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let j = id.y;
  if (i >= params.nx) { return; }
  let p = j * params.nx + i;
  if (p == 0u) {
    input[params.nx * params.ny] = vec2f(0.0);
    if (params.with_errors != 0u) { errors[params.nx * params.ny] = vec2f(0.0); }
  }
  let visited = limits[j];
  let good = (dq[p] & params.bad_bits) == 0u && i32(i) >= visited.x && i32(i) <= visited.y;
  if (!good) {
    input[p] = vec2f(0.0);
    if (params.with_errors != 0u) { errors[p] = vec2f(0.0); }
    return;
  }
  let half = (params.halves & 1u) != 0u && (params.derive & 1u) == 0u;
  let noise = read_noise(p);
  let w = weight_of(p, noise, half);
  input[p] = select(vec2f(0.0), vec2f(w, data[p] - params.level), w != 0.0);
  if (params.with_errors == 0u) { return; }
  if (w == 0.0) {
    errors[p] = vec2f(-1.0, 0.0);
    return;
  }
  var other = 0.0;
  if (params.second == 0u) { other = root(poisson_value(p), (params.halves & 2u) != 0u); }
  else { other = root(flat_value(p), (params.halves & 4u) != 0u); }
  errors[p] = vec2f(root(noise, half), other);
}
