//!include shared/nan.wgsl
//!include drizzle/average.wgsl
//!include drizzle/variance.wgsl
// Sums into data, weight, context, both variances weighted by the inverse of the read noise variance;
// `cover` of the including kernel is called where some good pixel overlaps but none of positive weight: no context bit tells.
// What is rarely written is cheap: poisson_missing holds the weights without a Poisson variance, not those with one.
struct Sums {
  weight: f32,
  data: f32,
  rnoise: f32,
  poisson: f32,
  largest: f32,
  covered: bool,
}

fn counts(p: i32) -> bool { return input[p].x != 0.0 || errors[p].x < 0.0; }

fn add(s: ptr<function, Sums>, p: i32, share: f32) {
  let a = input[p];
  let b = errors[p];
  let dow = share * a.x;
  (*s).weight += dow;
  (*s).data += dow * a.y;
  (*s).rnoise += dow * b.x;
  (*s).poisson += dow * b.y;
  (*s).largest = max((*s).largest, dow);
  (*s).covered = (*s).covered || a.x != 0.0 || b.x < 0.0;
}

fn put(o: u32, s: ptr<function, Sums>) {
  let marked = params.bit != 0u && (*s).largest > 0.0;
  if ((*s).covered && !marked) { cover(o); }
  let w = (*s).weight;
  if (w == 0.0) { return; }
  average(o, w, (*s).data);
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
