fn square(x: f32) -> f32 { return x * x; }

// 0 where the variance is no weight: zero, infinite or NaN (stcal resample_variance_arrays).
fn inverse_variance(variance: f32) -> f32 {
  return select(0.0, 1.0 / select(variance, 1.0, variance == 0.0), is_finite(variance) && variance > 0.0);
}
