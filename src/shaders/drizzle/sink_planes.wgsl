//!include shared/nan.wgsl
//!include drizzle/variance.wgsl
//!include drizzle/sums_planes.wgsl
// Into data, weight, context, both variances weighted by the inverse of the read noise variance;
// exposure time where some good pixel overlaps but none of positive weight: no context bit tells.
// What is rarely written is cheap: poisson_missing holds the weights without a Poisson variance, not those with one.
fn put(o: u32, s: ptr<function, Sums>) {
  let marked = params.bit != 0u && (*s).largest > 0.0;
  if (params.amount != 0.0 && (*s).covered && !marked) { exposure_time[o] += params.amount; }
  let w = (*s).weight;
  if (w == 0.0) { return; }
  let before = weight[o];
  let after = before + w;
  data[o] = (data[o] * before + (*s).data) / after;
  weight[o] = after;
  if (marked) { context[o] |= params.bit; }
  let inverse = inverse_variance(square((*s).rnoise / w));
  if (!(inverse > 0.0)) { return; }
  rnoise_weight[o] += inverse;
  let variance = square((*s).poisson / w);
  if (is_finite(variance)) {
    poisson_sum[o] += variance * inverse * inverse;
  } else {
    poisson_missing[o] += inverse;
  }
}
