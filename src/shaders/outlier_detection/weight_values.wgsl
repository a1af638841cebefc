//!include shared/nan.wgsl
//!include shared/order_key.wgsl
// The finite non-zero weights that fall into the chosen ones of the bins of weight_bins.wgsl, in any order.
struct Params {
  count: u32,
  first: u32,
  shift: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>; // a bit a bin
@group(0) @binding(3) var<storage, read_write> values: array<atomic<u32>>; // how many, then the values

const BINS = 4096u;
var<workgroup> marks: array<u32, 128>;

fn collect(w: f32) {
  if (!is_finite(w) || w == 0.0) { return; }
  let key = order_key(w);
  let bin = (key - params.first) >> params.shift;
  if (key < params.first || bin >= BINS) { return; }
  if (((marks[bin >> 5u] >> (bin & 31u)) & 1u) == 0u) { return; }
  atomicStore(&values[1u + atomicAdd(&values[0], 1u)], bitcast<u32>(w));
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  if (lane < 128u) { marks[lane] = chosen[lane]; }
  workgroupBarrier();
  for (var i = 4u * (group.x * 256u + lane); i < params.count; i += 1024u * groups.x) {
    let w = weights[i >> 2u];
    collect(w.x);
    if (i + 1u < params.count) { collect(w.y); }
    if (i + 2u < params.count) { collect(w.z); }
    if (i + 3u < params.count) { collect(w.w); }
  }
}
