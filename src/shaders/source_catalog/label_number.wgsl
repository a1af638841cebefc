//!include source_catalog/label_prefix.wgsl
// Roots get the number of their component in raster order, marked by the top bit; 4 successive pixels an invocation.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<u32>; // roots in the blocks before
@group(0) @binding(2) var<storage, read_write> labels: array<u32>;
const NUMBERED = 0x80000000u;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = group.y * groups.x + group.x;
  let first = tile * 1024u + local * 4u;
  let end = min(first + 4u, params.count);
  var own = 0u;
  for (var i = first; i < end; i++) {
    own += select(0u, 1u, labels[i] == i);
  }
  var number = prefix(own, local);
  if (own > 0u) {
    number += blocks[tile];
  }
  for (var i = first; i < end; i++) {
    if (labels[i] == i) {
      labels[i] = NUMBERED | number;
      number++;
    }
  }
}
