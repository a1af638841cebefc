// A multiple of an exposure's error with numpy's types: a float16 error gives a float16 product. NaN counts as 0, infinity as the
// largest number (nan_to_num). The including kernel has `err` (words of f32, or of two halves) and params.half.
fn error_at(i: u32) -> f32 {
  var x: f32;
  var largest = 3.4028234663852886e38;
  if (params.half == 1u) {
    x = half_lane(err[i >> 1u], i);
    largest = 65504.0;
  } else {
    x = bitcast<f32>(err[i]);
  }
  return select(clamp(x, -largest, largest), 0.0, is_nan(x));
}

fn times_error(snr: f32, error: f32) -> f32 {
  if (params.half == 1u) { return half_round(half_round(snr) * error); }
  return snr * error;
}
