//!include shared/nan.wgsl
//!include shared/order_key.wgsl
// Counts of one digit of the order keys of those values whose higher digits equal a prefix: one level of a radix selection.
// MODE 0: finite values other than 0; 1: finite values where the guard is above 0; 2: as 1, of |value - centre|;
// 3: finite values where the guard, a DQ word, has no DO_NOT_USE.
struct Params {
  count: u32,
  shift: u32,        // of the digit
  prefix_shift: u32, // of the prefix; 32 for none
  prefix: u32,
  centre: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> guards: array<u32>; // bits of f32 but in mode 3
@group(0) @binding(3) var<storage, read_write> bins: array<atomic<u32>>;

override MODE: u32 = 0u;
const BINS = 2048u;
var<workgroup> local_bins: array<atomic<u32>, 2048>;

fn counts(i: u32) -> bool {
  let x = values[i];
  if (MODE == 0u) { return is_finite(x) && x != 0.0; }
  if (MODE == 3u) { return is_finite(x) && (guards[i] & 1u) == 0u; }
  let guard = bitcast<f32>(guards[i]);
  return is_finite(x) && !is_nan(guard) && guard > 0.0;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  for (var b = lane; b < BINS; b += 256u) { atomicStore(&local_bins[b], 0u); }
  workgroupBarrier();
  for (var i = group.x * 256u + lane; i < params.count; i += groups.x * 256u) {
    if (!counts(i)) { continue; }
    var x = values[i];
    if (MODE == 2u) { x = abs(x - params.centre); }
    let key = order_key(x);
    if (params.prefix_shift < 32u && (key >> params.prefix_shift) != params.prefix) { continue; }
    let digit = (key >> params.shift) & (BINS - 1u);
    atomicAdd(&local_bins[digit & select(BINS - 1u, 1023u, params.shift == 0u)], 1u);
  }
  workgroupBarrier();
  for (var b = lane; b < BINS; b += 256u) {
    let n = atomicLoad(&local_bins[b]);
    if (n != 0u) { atomicAdd(&bins[b], n); }
  }
}
