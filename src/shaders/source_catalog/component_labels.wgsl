//!include source_catalog/label_words.wgsl
// Component numbers become labels, by a table.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<u32>; // label of each component
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = wordOf(group, groups, local);
  if (word * 32u >= params.count) {
    return;
  }
  for (var bits = seeds[word]; bits != 0u; bits &= bits - 1u) {
    let i = word * 32u + firstTrailingBit(bits);
    labels[i] = table[labels[i] & ~NUMBERED];
  }
}
