//!include shared/nan.wgsl
// One group's drizzled pixels made ready for the median, in place: NaN where the weight is below the threshold; where it is zero and
// that is not below, `fill`, if the data are sums that hold nothing there.
struct Params {
  quads: u32,
  threshold: f32,
  fill: u32, // bits of an f32
  filled: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> data: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let fill = vec4f(bitcast<f32>(params.fill));
  let none = vec4f(nan());
  for (var i = group.x * 64u + lane; i < params.quads; i += groups.x * 64u) {
    let w = weights[i];
    let low = !are_nan(w) & (w < vec4f(params.threshold));
    let empty = (w == vec4f(0.0)) & vec4<bool>(params.filled == 1u);
    if (any(low | empty)) { data[i] = select(select(data[i], fill, empty), none, low); }
  }
}
