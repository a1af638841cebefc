// Adds the exposure times of those exposures whose bits are set in a context plane.
struct Params {
  count: u32,
  columns: u32, // invocations a row of the dispatch
  first: u32,   // exposure of bit 0
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> times: array<f32>;
@group(0) @binding(2) var<storage, read> context: array<u32>;
@group(0) @binding(3) var<storage, read_write> exposure_time: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let o = id.y * params.columns + id.x;
  if (o >= params.count) { return; }
  var bits = context[o];
  if (bits == 0u) { return; }
  var sum = 0.0;
  for (var k = params.first; bits != 0u; k++) {
    if ((bits & 1u) != 0u) { sum += times[k]; }
    bits >>= 1u;
  }
  exposure_time[o] += sum;
}
