// `fill` where nothing contributed.
struct Params {
  count: u32, // quads of pixels
  fill: u32,  // bits of an f32
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> data: array<vec4u>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var o = id.x; o < params.count; o += 64u * groups.x) {
    let none = weight[o] == vec4f(0.0);
    if (any(none)) { data[o] = select(data[o], vec4u(params.fill), none); }
  }
}
