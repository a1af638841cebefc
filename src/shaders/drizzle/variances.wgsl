//!include shared/nan.wgsl
// Variances and the error from the weighted sums, in place:
// rnoise_weight -> var_rnoise, poisson_sum -> var_poisson, poisson_missing -> err, flat_sum -> var_flat.
// The weight of the Poisson variance is that of the read noise less what is missing.
struct Params {
  count: u32,         // quads of pixels
  scaling: f32,       // 1 / pixel_scale_ratio^2
  with_flat: u32,
  rnoise_summed: u32, // 0: a weight is the inverse of its variance; 1: rnoise_sum holds weighted variances,
                      //    and poisson_missing the weight of the Poisson variance itself
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rnoise_sum: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> rnoise_weight: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> poisson_sum: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> poisson_missing: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> flat_sum: array<vec4f>;
@group(0) @binding(6) var<storage, read> flat_weight: array<vec4f>;

fn variance(sum: vec4f, w: vec4f) -> vec4f {
  return select(sum * params.scaling / w / w, vec4f(nan()), w == vec4f(0.0));
}

// Added to a sum that skips NaN.
fn known(x: vec4f) -> vec4f { return select(x, vec4f(0.0), are_nan(x)); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var o = id.x; o < params.count; o += 64u * groups.x) {
    let rw = rnoise_weight[o];
    var rnoise = variance(rw, rw);
    if (params.rnoise_summed != 0u) { rnoise = variance(rnoise_sum[o], rw); }
    let other = poisson_missing[o];
    var pw = rw - other;
    if (params.rnoise_summed != 0u) { pw = other; }
    let poisson = variance(poisson_sum[o], pw);
    var total = known(rnoise) + known(poisson);
    var none = are_nan(rnoise) & are_nan(poisson);
    if (params.with_flat != 0u) {
      let flat_field = variance(flat_sum[o], flat_weight[o]);
      flat_sum[o] = flat_field;
      total += known(flat_field);
      none = none & are_nan(flat_field);
    }
    rnoise_weight[o] = rnoise;
    poisson_sum[o] = poisson;
    poisson_missing[o] = select(sqrt(total), vec4f(nan()), none);
  }
}
