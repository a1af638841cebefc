// What memory gives at best: sixteen bytes an invocation, read and written.
struct Params {
  count: u32, // vec4u
  columns: u32, // invocations a row of the dispatch
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> target_: array<vec4u>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.y * params.columns + id.x;
  if (i < params.count) { target_[i] = source[i]; }
}
