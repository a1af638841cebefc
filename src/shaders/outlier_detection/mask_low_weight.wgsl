//!include shared/nan.wgsl
// One group's drizzled pixels into its layer of the stack of a band; NaN where the weight is below the threshold.
struct Params {
  count: u32,
  source: u32, // first pixel in data and weights
  target_start: u32, // first pixel in the stack
  threshold: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> stack: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var i = group.x * 256u + lane; i < params.count; i += groups.x * 256u) {
    let w = weights[params.source + i];
    let low = !is_nan(w) && w < params.threshold;
    stack[params.target_start + i] = select(data[params.source + i], nan(), low);
  }
}
