//!include source_catalog/label_prefix.wgsl
// A component's area becomes its label: 1, 2, ... for those kept, 0 for the others.
struct Params { npixels: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> totals: array<u32>; // [0]: number of components
@group(0) @binding(2) var<storage, read> blocks: array<u32>; // kept components in the blocks before
@group(0) @binding(3) var<storage, read_write> areas: array<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = group.y * groups.x + group.x;
  let first = tile * 1024u + local * 4u;
  let end = min(first + 4u, totals[0]);
  var own = 0u;
  for (var i = first; i < end; i++) {
    own += select(0u, 1u, areas[i] >= params.npixels);
  }
  var label = prefix(own, local) + 1u;
  if (own > 0u) {
    label += blocks[tile];
  }
  for (var i = first; i < end; i++) {
    let keep = areas[i] >= params.npixels;
    areas[i] = select(0u, label, keep);
    label += select(0u, 1u, keep);
  }
}
