// half.wgsl for four values at once, without branches. 0.5 has 2^-24, the unit of the halves below the normal ones, in its last
// place: sums with it hold such a half's bits, rounded as sums are. Shifts are the same for all four, as others are slow on CPUs.

// Values of the halves in the low 16 bits of each word.
fn quad_half_value(h: vec4u) -> vec4f {
  let magnitude = h & vec4u(0x7fffu);
  let tiny = bitcast<vec4u>(bitcast<vec4f>(magnitude | vec4u(0x3f000000u)) - 0.5);
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
  let normal = (magnitude - vec4u(0x37fff001u) + ((magnitude >> vec4u(13u)) & vec4u(1u))) >> vec4u(13u);
  let tiny = bitcast<vec4u>(bitcast<vec4f>(magnitude) + 0.5) - vec4u(0x3f000000u);
  let finite = select(tiny, min(normal, vec4u(0x7c00u)), magnitude >= vec4u(0x38800000u));
  let bits = select(finite, vec4u(0x7e00u), magnitude > vec4u(0x7f800000u));
  return bits | ((word >> vec4u(16u)) & vec4u(0x8000u));
}
