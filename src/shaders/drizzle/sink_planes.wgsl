//!include shared/nan.wgsl
//!include drizzle/signal.wgsl
//!include drizzle/variance.wgsl
//!include drizzle/sums_planes.wgsl
// Into data, weight, context, both variances weighted by the inverse of the read noise variance;
// exposure time where some good pixel overlaps but none of positive weight: no context bit tells.
// What is rarely written is cheap: poisson_missing holds the weights without a Poisson variance, not those with one.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4i>;
@group(0) @binding(2) var<storage, read> map: array<vec2i>;
@group(0) @binding(3) var input: texture_2d<f32>;
@group(0) @binding(4) var<storage, read_write> data: array<f32>;
@group(0) @binding(5) var<storage, read_write> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> context: array<u32>;
@group(0) @binding(7) var<storage, read_write> rnoise_weight: array<f32>;
@group(0) @binding(8) var<storage, read_write> poisson_sum: array<f32>;
@group(0) @binding(9) var<storage, read_write> poisson_missing: array<f32>;
@group(0) @binding(10) var<storage, read_write> exposure_time: array<f32>;

fn put(o: u32, s: ptr<function, Sums>) {
  let positive = (*s).largest > 0.0;
  if (params.amount != 0.0 && (*s).covered && !(CONTEXT && positive)) { exposure_time[o] += params.amount; }
  let w = (*s).weight;
  if (w == 0.0) { return; }
  put_signal(o, w, (*s).data, positive);
  let inverse = inverse_variance(square((*s).rnoise / w));
  let counted = inverse > 0.0;
  let variance = square((*s).poisson / w);
  let known = is_finite(variance);
  let noise_weight = select(0.0, inverse, counted);
  let poisson = select(0.0, variance * inverse * inverse, counted && known);
  if (FIRST) {
    rnoise_weight[o] = noise_weight;
    poisson_sum[o] = poisson;
  } else {
    rnoise_weight[o] += noise_weight;
    poisson_sum[o] += poisson;
  }
  if (counted && !known) { poisson_missing[o] += inverse; }
}
