// half.wgsl for four values at once, without branches or shifts: SwiftShader shifts lane by lane, at ten times the cost of a sum or
// a product. A number that is added so that another's last bits are integers of a known unit does as well.

// The upper halves of words, moved to the low bits.
fn upper_halves(w: vec4u) -> vec4u {
  let moved = vec4f(bitcast<vec4i>(w & vec4u(0xffff0000u))) * 1.52587890625e-5 + 12582912.0; // 2^-16, 1.5 * 2^23
  return bitcast<vec4u>(moved) & vec4u(0xffffu);
}

// Values of halves without a sign. Those below the normal ones take the exponent of 2^-14, and 2^-14 less.
fn half_magnitudes(h: vec4u) -> vec4f {
  let moved = bitcast<vec4i>(h * 8192u);
  let tiny = bitcast<vec4i>(bitcast<vec4f>(moved + 0x38800000) - 6.103515625e-5);
  let normal = moved + 0x38000000;
  let above = select(normal, normal + 0x38000000, moved >= vec4i(0x0f800000));
  return bitcast<vec4f>(select(above, tiny, moved < vec4i(0x00800000)));
}

// Bits of the halves nearest to |x|, ties to even. `unit`, 2^13 times |x|'s power of two or 0.5 at least, has a half's last place in
// its own last place: what the sum is beyond it are the half's last bits, and its exponent gives the others.
fn half_magnitude_bits(x: vec4f) -> vec4u {
  let magnitude = bitcast<vec4i>(x) & vec4i(0x7fffffff);
  let power = bitcast<vec4f>(magnitude & vec4i(0x7f800000));
  let unit = max(bitcast<vec4i>(power * 8192.0), vec4i(0x3f000000));
  let sum = bitcast<vec4i>(bitcast<vec4f>(magnitude) + bitcast<vec4f>(unit));
  let exponent = bitcast<vec4i>(vec4f(unit) * 1.220703125e-4 + 8259584.0); // 2^-13, 2^23 - 2^10 * 126
  let bits = min(sum - unit + (exponent - 0x4b000000), vec4i(0x7c00));
  return bitcast<vec4u>(select(bits, vec4i(0x7e00), magnitude > vec4i(0x7f800000)));
}

// Values of the halves in the low 16 bits of each word.
fn quad_half_value(h: vec4u) -> vec4f {
  let sign = (h & vec4u(0x8000u)) * 65536u;
  return bitcast<vec4f>(bitcast<vec4u>(half_magnitudes(h & vec4u(0x7fffu))) | sign);
}

// Bits of the halves nearest to x, ties to even.
fn quad_half_bits(x: vec4f) -> vec4u {
  return half_magnitude_bits(x) | select(vec4u(0u), vec4u(0x8000u), bitcast<vec4i>(x) < vec4i(0));
}
