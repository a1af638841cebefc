//!include source_catalog/label_prefix.wgsl
// Exclusive prefix sum of `blocks` in place, by one workgroup; the sum of all goes to totals[slot].
struct Params { count: u32, slot: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> blocks: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var carry = 0u;
  for (var start = 0u; start < params.count; start += 256u) {
    let i = start + local;
    var value = 0u;
    if (i < params.count) {
      value = blocks[i];
    }
    let before = prefix(value, local);
    if (i < params.count) {
      blocks[i] = carry + before;
    }
    carry += prefixTotal;
  }
  if (local == 0u) {
    totals[params.slot] = carry;
  }
}
