//!include shared/nan.wgsl
//!include drizzle/variance.wgsl
//!include drizzle/sums_planes.wgsl
// Into data, weight, context, both variances weighted by the inverse of the read noise variance;
// exposure time where some good pixel overlaps but none of positive weight: no context bit tells.
// What is rarely written is cheap: poisson_missing holds the weights without a Poisson variance, not those with one.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4i>;
@group(0) @binding(2) var<storage, read> map: array<vec2i>;
@group(0) @binding(3) var<storage, read> input: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> data: array<f32>;
@group(0) @binding(5) var<storage, read_write> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> context: array<u32>;
@group(0) @binding(7) var<storage, read_write> rnoise_weight: array<f32>;
@group(0) @binding(8) var<storage, read_write> poisson_sum: array<f32>;
@group(0) @binding(9) var<storage, read_write> poisson_missing: array<f32>;
@group(0) @binding(10) var<storage, read_write> exposure_time: array<f32>;

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
