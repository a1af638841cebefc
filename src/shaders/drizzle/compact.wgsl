// Rows of `stride` words without the words beyond column nx.
struct Params {
  nx: u32,
  stride: u32,
  count: u32,   // words to be written
  columns: u32, // invocations a row of the dispatch
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> padded: array<u32>;
@group(0) @binding(2) var<storage, read_write> plane: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let o = id.y * params.columns + id.x;
  if (o >= params.count) { return; }
  let row = o / params.nx;
  plane[o] = padded[row * params.stride + o - row * params.nx];
}
