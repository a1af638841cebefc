// half.wgsl for four values at once, without branches.

// Values of the halves in the low 16 bits of each word.
fn quad_half_value(h: vec4u) -> vec4f {
  let magnitude = h & vec4u(0x7fffu);
  let tiny = bitcast<vec4u>(vec4f(magnitude) * 5.9604644775390625e-8);
  let normal = (magnitude << vec4u(13u)) + vec4u(0x38000000u);
  let special = normal + vec4u(0x38000000u);
  let finite = select(normal, tiny, magnitude < vec4u(0x400u));
  let word = select(finite, special, magnitude >= vec4u(0x7c00u));
  return bitcast<vec4f>(word | ((h & vec4u(0x8000u)) << vec4u(16u)));
}

// Bits of the halves nearest to x, ties to even.
fn quad_half_bits(x: vec4f) -> vec4u {
  let word = bitcast<vec4u>(x);
  let magnitude = word & vec4u(0x7fffffffu);
  let rebiased = magnitude - vec4u(0x38000000u);
  let normal = (rebiased + vec4u(0xfffu) + ((rebiased >> vec4u(13u)) & vec4u(1u))) >> vec4u(13u);
  let shift = min(vec4u(126u) - (magnitude >> vec4u(23u)), vec4u(25u));
  let mantissa = (magnitude & vec4u(0x7fffffu)) | vec4u(0x800000u);
  let below_tie = (vec4u(1u) << (shift - vec4u(1u))) - vec4u(1u);
  let tiny = (mantissa + below_tie + ((mantissa >> shift) & vec4u(1u))) >> shift;
  let finite = select(tiny, min(normal, vec4u(0x7c00u)), magnitude >= vec4u(0x38800000u));
  let bits = select(finite, vec4u(0x7e00u), magnitude > vec4u(0x7f800000u));
  return bits | ((word >> vec4u(16u)) & vec4u(0x8000u));
}
