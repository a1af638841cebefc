//!include shared/half.wgsl
//!include shared/half_quads.wgsl
//!include shared/nan.wgsl
// What the gather kernels read of a window of an exposure, four neighbouring pixels an invocation. Of each pixel:
//   weight, data - level: zeros where it is bad, not visited or of no weight, so that its NaN do no harm;
//   sqrt(read noise variance), sqrt(second variance) (with planes): -1, 0 where it is good but of no weight.
// One more pixel of zeros follows the window's last. Planes of halves are computed on in half precision, as numpy does.
struct Params {
  nx: u32,           // columns of the planes
  left: i32,         // the window: its first column and row, its columns and rows
  bottom: u32,
  pitch: u32,
  rows: u32,
  bad_bits: u32,     // DQ bits that make a pixel bad
  level: f32,        // background to subtract
  weighting: u32,    // 0: 1 / read noise variance, 1: `amount`, 2: 1 / sky variance
  amount: f32,
  median: f32,       // of the good data, for the sky variance
  halves: u32,       // bit 0: rnoise, bit 1: poisson, bit 2: flat are planes of halves
  derive: u32,       // bit 0: read noise variance is err^2 - poisson (rnoise holds err), bit 1: - flat too
  second: u32,       // second variance: 0 poisson, 1 flat
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> rnoise: array<vec2u>;
@group(0) @binding(3) var<storage, read> poisson: array<vec2u>;
@group(0) @binding(4) var<storage, read> flat_variance: array<vec2u>;
@group(0) @binding(5) var<storage, read> dq: array<vec4u>;
@group(0) @binding(6) var<storage, read> spans: array<vec4i>; // of each row of the window the columns wanted, and those visited

fn half_values(w: vec2u) -> vec4f {
  return quad_half_value(vec4u(w.x & 0xffffu, w.x >> 16u, w.y & 0xffffu, w.y >> 16u));
}

// Quad q of a plane of halves or of f32.
fn rnoise_values(q: u32) -> vec4f {
  if ((params.halves & 1u) != 0u) { return half_values(rnoise[q]); }
  return bitcast<vec4f>(vec4u(rnoise[2u * q], rnoise[2u * q + 1u]));
}

fn poisson_values(q: u32) -> vec4f {
  if ((params.halves & 2u) != 0u) { return half_values(poisson[q]); }
  return bitcast<vec4f>(vec4u(poisson[2u * q], poisson[2u * q + 1u]));
}

fn flat_values(q: u32) -> vec4f {
  if ((params.halves & 4u) != 0u) { return half_values(flat_variance[q]); }
  return bitcast<vec4f>(vec4u(flat_variance[2u * q], flat_variance[2u * q + 1u]));
}

// Rounded to the nearest half, ties to even, where that is a normal one.
fn normal_half(x: vec4f) -> vec4f {
  let word = bitcast<vec4u>(x);
  return bitcast<vec4f>((word + 0xfffu + ((word >> vec4u(13u)) & vec4u(1u))) & vec4u(0xffffe000u));
}

// So near the middle of two halves that the error of a built-in quotient or root may have decided between them.
fn doubtful(x: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(x) & vec4u(0x1fffu)) - vec4u(0xff0u) <= vec4u(0x20u);
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

fn reciprocals(v: vec4f, half: bool) -> vec4f {
  let usable = are_finite(v) & (v != vec4f(0.0));
  let x = select(vec4f(1.0), v, usable);
  var inverse = 1.0 / x;
  if (half) {
    let size = abs(inverse);
    let slow = doubtful(inverse) | (size < vec4f(6.2e-5)) | ((size > vec4f(65480.0)) & (size < vec4f(65560.0)));
    inverse = normal_half(inverse);
    if (any(slow)) {
      let exact = vec4f(half_reciprocal(x.x), half_reciprocal(x.y), half_reciprocal(x.z), half_reciprocal(x.w));
      inverse = select(inverse, exact, slow);
    }
    return select(vec4f(0.0), inverse, usable & (abs(inverse) < vec4f(65520.0)));
  }
  return select(vec4f(0.0), inverse, usable & are_finite(inverse));
}

fn roots(v: vec4f, half: bool) -> vec4f {
  let usual = are_finite(v) & (v > vec4f(0.0));
  let x = select(vec4f(1.0), v, usual);
  var root = sqrt(x);
  if (half) { // the root of a half is a normal one
    let slow = doubtful(root);
    root = normal_half(root);
    if (any(slow)) { root = select(root, vec4f(half_root(x.x), half_root(x.y), half_root(x.z), half_root(x.w)), slow); }
  }
  let word = bitcast<vec4u>(v);
  let itself = (v == vec4f(0.0)) | (word == vec4u(0x7f800000u));
  return select(select(vec4f(nan()), v, itself), root, usual);
}

fn read_noise(q: u32) -> vec4f {
  let v = rnoise_values(q);
  if ((params.derive & 1u) == 0u) { return v; }
  var derived = v * v - poisson_values(q);
  if ((params.derive & 2u) != 0u) { derived -= flat_values(q); }
  return derived;
}

fn weights(q: u32, d: vec4f, noise: vec4f, half: bool) -> vec4f {
  if (params.weighting == 1u) { return vec4f(params.amount); }
  if (params.weighting == 0u) { return reciprocals(noise, half); }
  let none = d == vec4f(0.0);
  let sky = noise + poisson_values(q) / select(d, vec4f(1.0), none) * params.median;
  if (half) {
    let rounded = vec4f(half_round(sky.x), half_round(sky.y), half_round(sky.z), half_round(sky.w));
    return reciprocals(select(rounded, noise, none), true);
  }
  return reciprocals(select(sky, noise, none), false);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x == 0u && id.y == 0u) { put(params.pitch * params.rows, 0.0, 0.0, 0.0, 0.0); }
  let span = spans[id.y];
  let start = (params.bottom + id.y) * params.nx; // of the row in the planes
  let q = (start + u32(span.x)) / 4u + id.x;
  let i = i32(4u * q) - i32(start); // column of the quad's first pixel
  if (span.y < span.x || i > span.y) { return; }
  let half = (params.halves & 1u) != 0u && (params.derive & 1u) == 0u;
  let columns = i + vec4i(0, 1, 2, 3);
  let d = data[q];
  let noise = read_noise(q);
  let good = ((dq[q] & vec4u(params.bad_bits)) == vec4u(0u)) & (columns >= vec4i(span.z)) & (columns <= vec4i(span.w));
  let w = select(vec4f(0.0), weights(q, d, noise, half), good);
  let some = w != vec4f(0.0);
  let signal = select(vec4f(0.0), d - params.level, some);
  var rnoise_roots = vec4f(0.0);
  var second_roots = vec4f(0.0);
  if (WITH_ROOTS) {
    rnoise_roots = select(select(vec4f(0.0), vec4f(-1.0), good), roots(noise, half), some);
    var second: vec4f;
    if (params.second == 0u) { second = roots(poisson_values(q), (params.halves & 2u) != 0u); }
    else { second = roots(flat_values(q), (params.halves & 4u) != 0u); }
    second_roots = select(vec4f(0.0), second, some);
  }
  let at = i32(id.y * params.pitch) + i - params.left;
  let wanted = (columns >= vec4i(span.x)) & (columns <= vec4i(span.y));
  if (wanted.x) { put(u32(at), w.x, signal.x, rnoise_roots.x, second_roots.x); }
  if (wanted.y) { put(u32(at + 1), w.y, signal.y, rnoise_roots.y, second_roots.y); }
  if (wanted.z) { put(u32(at + 2), w.z, signal.z, rnoise_roots.z, second_roots.z); }
  if (wanted.w) { put(u32(at + 3), w.w, signal.w, rnoise_roots.w, second_roots.w); }
}
