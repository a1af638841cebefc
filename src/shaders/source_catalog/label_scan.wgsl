//!include source_catalog/label_prefix.wgsl
// Exclusive prefix sum of `blocks` in place, by one workgroup, each invocation a run of them; the sum of all goes to totals[0].
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> blocks: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  let length = (params.count + 255u) / 256u;
  let first = min(params.count, local * length);
  let end = min(params.count, first + length);
  var sum = 0u;
  for (var i = first; i < end; i++) {
    sum += blocks[i];
  }
  var carry = prefix(sum, local);
  for (var i = first; i < end; i++) {
    let value = blocks[i];
    blocks[i] = carry;
    carry += value;
  }
  if (local == 0u) {
    totals[0] = prefixTotal;
  }
}
