// Half precision by integer arithmetic: WGSL leaves the rounding of pack2x16float open, numpy's float16 rounds to nearest even.
// Element i of a half plane lies in word i >> 1, low half first.

// Value of the half in the low 16 bits of h; exact, denormals included (they are normal numbers in f32).
fn half_value(h: u32) -> f32 {
  let sign = (h & 0x8000u) << 16u;
  let exponent = (h >> 10u) & 31u;
  let mantissa = h & 0x3ffu;
  if (exponent == 0u) {
    return bitcast<f32>(bitcast<u32>(f32(mantissa) * 5.9604644775390625e-8) | sign);
  }
  return bitcast<f32>(sign | (select(exponent + 112u, 255u, exponent == 31u) << 23u) | (mantissa << 13u));
}

// Bits of the half nearest to x, ties to even; twin: float32BitsToHalf.
fn half_bits(x: f32) -> u32 {
  let word = bitcast<u32>(x);
  let sign = (word >> 16u) & 0x8000u;
  let magnitude = word & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return sign | 0x7e00u; }
  if (magnitude >= 0x47800000u) { return sign | 0x7c00u; }
  if (magnitude >= 0x38800000u) {
    let rebiased = magnitude - 0x38000000u;
    return sign | ((rebiased + 0xfffu + ((rebiased >> 13u) & 1u)) >> 13u);
  }
  if (magnitude <= 0x33000000u) { return sign; }
  let shift = 126u - (magnitude >> 23u);
  let mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  let units = mantissa >> shift;
  let rest = mantissa & ((1u << shift) - 1u);
  let tie = 1u << (shift - 1u);
  return sign | (units + select(0u, 1u, rest > tie || (rest == tie && (units & 1u) == 1u)));
}

// x rounded to the nearest half.
fn half_round(x: f32) -> f32 {
  return half_value(half_bits(x));
}

// Element i of a half plane, given the word i >> 1.
fn half_lane(word: u32, i: u32) -> f32 {
  return half_value((word >> ((i & 1u) * 16u)) & 0xffffu);
}

// Both halves of a word, and back.
fn half_unpack(word: u32) -> vec2f {
  return vec2f(half_value(word & 0xffffu), half_value(word >> 16u));
}

fn half_pack(v: vec2f) -> u32 {
  return half_bits(v.x) | (half_bits(v.y) << 16u);
}
