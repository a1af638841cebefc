// A multiple of an exposure's error with numpy's types: a float16 error gives a float16 product. NaN counts as 0, infinity as the
// largest number (nan_to_num). The including kernel has `err` (pairs of words of f32, or of two halves), params.half and ALIGNED:
// pixel i is the first of four that lie in whole pairs.
fn error_word(k: u32) -> u32 { return err[k >> 1u][k & 1u]; }

fn error_half(i: u32) -> u32 { return (error_word(i >> 1u) >> ((i & 1u) * 16u)) & 0xffffu; }

fn raw_errors(i: u32) -> vec4f {
  if (params.half == 1u) {
    if (!ALIGNED) {
      return quad_half_value(vec4u(error_half(i), error_half(i + 1u), error_half(i + 2u), error_half(i + 3u)));
    }
    let pair = err[i >> 2u];
    return quad_half_value(vec4u(pair.x & 0xffffu, pair.x >> 16u, pair.y & 0xffffu, pair.y >> 16u));
  }
  if (!ALIGNED) {
    return bitcast<vec4f>(vec4u(error_word(i), error_word(i + 1u), error_word(i + 2u), error_word(i + 3u)));
  }
  return bitcast<vec4f>(vec4u(err[i >> 1u], err[(i >> 1u) + 1u]));
}

fn errors_of(x: vec4f) -> vec4f {
  let largest = vec4f(select(3.4028234663852886e38, 65504.0, params.half == 1u));
  return select(clamp(x, -largest, largest), vec4f(0.0), are_nan(x));
}

fn times_errors(snr: f32, errors: vec4f) -> vec4f {
  if (params.half == 0u) { return snr * errors; }
  let factor = quad_half_value(quad_half_bits(vec4f(snr)));
  return quad_half_value(quad_half_bits(factor * errors));
}
