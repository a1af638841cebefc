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
  amount: f32,
  median: f32,       // of the good data, for the sky variance
}
// Compiled in, as software drivers go both ways at each branch.
override WEIGHTING: u32 = 0u; // 0: 1 / read noise variance, 1: `amount`, 2: 1 / sky variance
override HALVES: u32 = 0u;    // bit 0: rnoise, bit 1: poisson, bit 2: flat are planes of halves
override DERIVE: u32 = 0u;    // bit 0: read noise variance is err^2 - poisson (rnoise holds err), bit 1: - flat too
override SECOND: u32 = 0u;    // second variance: 0 poisson, 1 flat
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
  if ((HALVES & 1u) != 0u) { return half_values(rnoise[q]); }
  return bitcast<vec4f>(vec4u(rnoise[2u * q], rnoise[2u * q + 1u]));
}

fn poisson_values(q: u32) -> vec4f {
  if ((HALVES & 2u) != 0u) { return half_values(poisson[q]); }
  return bitcast<vec4f>(vec4u(poisson[2u * q], poisson[2u * q + 1u]));
}

fn flat_values(q: u32) -> vec4f {
  if ((HALVES & 4u) != 0u) { return half_values(flat_variance[q]); }
  return bitcast<vec4f>(vec4u(flat_variance[2u * q], flat_variance[2u * q + 1u]));
}

// Rounded to the nearest half, ties to even, where that is a normal one.
fn normal_half(x: vec4f) -> vec4f {
  let word = bitcast<vec4u>(x);
  return bitcast<vec4f>((word + 0xfffu + ((word >> vec4u(13u)) & vec4u(1u))) & vec4u(0xffffe000u));
}

// The halves nearest to exact reciprocals, for halves x above 0. The quotient's error may have decided between two neighbours; the
// product of x and the middle between them is exact in f32. Up to 2^-13 halves are 2^-24 apart.
fn half_reciprocals(x: vec4f) -> vec4f {
  let quotient = 1.0 / x;
  let near = bitcast<vec4u>(normal_half(quotient));
  let more = select(vec4u(0u), vec4u(0x2000u), x * bitcast<vec4f>(near + 0x1000u) < vec4f(1.0));
  let less = select(vec4u(0u), vec4u(0x2000u), x * bitcast<vec4f>(near - 0x1000u) > vec4f(1.0));
  let units = round(quotient * 16777216.0);
  let up = select(vec4f(0.0), vec4f(1.0), x * (units + 0.5) < vec4f(16777216.0));
  let down = select(vec4f(0.0), vec4f(1.0), x * (units - 0.5) > vec4f(16777216.0));
  let tiny = (units + up - down) * 5.9604644775390625e-8;
  return select(bitcast<vec4f>(near + more - less), tiny, quotient < vec4f(1e-4));
}

// The halves nearest to exact roots, for halves x above 0: they are normal ones.
fn half_roots(x: vec4f) -> vec4f {
  let near = bitcast<vec4u>(normal_half(sqrt(x)));
  let above = bitcast<vec4f>(near + 0x1000u);
  let below = bitcast<vec4f>(near - 0x1000u);
  let more = select(vec4u(0u), vec4u(0x2000u), above * above < x);
  let less = select(vec4u(0u), vec4u(0x2000u), below * below > x);
  return bitcast<vec4f>(near + more - less);
}

// What is not finite, 0, or beyond what the type holds, becomes 0.
fn reciprocals(v: vec4f, half: bool) -> vec4f {
  let usable = are_finite(v) & (v != vec4f(0.0));
  let x = select(vec4f(1.0), v, usable);
  let rounded = half_reciprocals(abs(x));
  let inverse = select(1.0 / x, select(rounded, -rounded, x < vec4f(0.0)), half);
  let held = select(are_finite(inverse), abs(inverse) < vec4f(65520.0), half);
  return select(vec4f(0.0), inverse, usable & held);
}

fn roots(v: vec4f, half: bool) -> vec4f {
  let usual = are_finite(v) & (v > vec4f(0.0));
  let x = select(vec4f(1.0), v, usual);
  let root = select(sqrt(x), half_roots(x), half);
  let word = bitcast<vec4u>(v);
  let itself = (v == vec4f(0.0)) | (word == vec4u(0x7f800000u));
  return select(select(vec4f(nan()), v, itself), root, usual);
}

fn read_noise(q: u32) -> vec4f {
  let v = rnoise_values(q);
  if ((DERIVE & 1u) == 0u) { return v; }
  var derived = v * v - poisson_values(q);
  if ((DERIVE & 2u) != 0u) { derived -= flat_values(q); }
  return derived;
}

fn weights(q: u32, d: vec4f, noise: vec4f, half: bool) -> vec4f {
  if (WEIGHTING == 1u) { return vec4f(params.amount); }
  var variance = noise;
  if (WEIGHTING == 2u) {
    let none = d == vec4f(0.0);
    let sky = noise + poisson_values(q) / select(d, vec4f(1.0), none) * params.median;
    variance = select(select(sky, quad_half_value(quad_half_bits(sky)), half), noise, none);
  }
  return reciprocals(variance, half);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x == 0u && id.y == 0u) { put(params.pitch * params.rows, 0.0, 0.0, 0.0, 0.0); }
  let span = spans[id.y];
  let start = (params.bottom + id.y) * params.nx; // of the row in the planes
  let q = (start + u32(span.x)) / 4u + id.x;
  let i = i32(4u * q) - i32(start); // column of the quad's first pixel
  if (span.y < span.x || i > span.y) { return; }
  let half = (HALVES & 1u) != 0u && (DERIVE & 1u) == 0u;
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
    if (SECOND == 0u) { second = roots(poisson_values(q), (HALVES & 2u) != 0u); }
    else { second = roots(flat_values(q), (HALVES & 4u) != 0u); }
    second_roots = select(vec4f(0.0), second, some);
  }
  let at = i32(id.y * params.pitch) + i - params.left;
  let wanted = (columns >= vec4i(span.x)) & (columns <= vec4i(span.y));
  if (wanted.x) { put(u32(at), w.x, signal.x, rnoise_roots.x, second_roots.x); }
  if (wanted.y) { put(u32(at + 1), w.y, signal.y, rnoise_roots.y, second_roots.y); }
  if (wanted.z) { put(u32(at + 2), w.z, signal.z, rnoise_roots.z, second_roots.z); }
  if (wanted.w) { put(u32(at + 3), w.w, signal.w, rnoise_roots.w, second_roots.w); }
}
