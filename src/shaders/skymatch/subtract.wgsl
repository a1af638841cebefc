// data -= sky, four values a step
struct Params {
  count: u32,
  sky: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> data: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  for (var q = group.x * 64u + lane; 4u * q < params.count; q += groups.x * 64u) {
    data[q] -= vec4f(params.sky);
  }
}
