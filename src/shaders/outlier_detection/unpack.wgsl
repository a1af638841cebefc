// A run of an exposure's pixels apart: the data as they are, and the weights from drizzle's packed pairs.
struct Params {
  first: u32,
  count: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> packed: array<vec2f>; // weight, data less the background
@group(0) @binding(3) var<storage, read_write> out_data: array<f32>;
@group(0) @binding(4) var<storage, read_write> out_weight: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var k = group.x * 256u + lane; k < params.count; k += groups.x * 256u) {
    out_data[k] = data[params.first + k];
    out_weight[k] = packed[params.first + k].x;
  }
}
