//!include shared/nan.wgsl
// values = data where the pixel is good, else NaN
struct Params {
  count: u32,
  bad: u32, // DQ bits
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> dq: array<u32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  for (var i = group.x * 256u + lane; i < params.count; i += groups.x * 256u) {
    let v = data[i];
    if ((dq[i] & params.bad) == 0u && is_finite(v)) {
      values[i] = v;
    } else {
      values[i] = nan();
    }
  }
}
