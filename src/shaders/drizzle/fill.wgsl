// `fill` where nothing contributed.
struct Params {
  count: u32,
  columns: u32, // invocations a row of the dispatch
  fill: u32,    // bits of an f32
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> data: array<u32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let o = id.y * params.columns + id.x;
  if (o >= params.count) { return; }
  if (weight[o] == 0.0) { data[o] = params.fill; }
}
