//!include source_catalog/label_words.wgsl
//!include source_catalog/label_before.wgsl
// Roots get the number of their component in raster order, marked by the top bit.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> chosen: array<u32>; // roots
@group(0) @binding(2) var<storage, read> blocks: array<u32>; // roots in the blocks before
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = wordOf(group, groups, local);
  if (word * 32u >= params.count || chosen[word] == 0u) {
    return;
  }
  var number = before(word);
  for (var bits = chosen[word]; bits != 0u; bits &= bits - 1u) {
    labels[word * 32u + firstTrailingBit(bits)] = NUMBERED | number;
    number++;
  }
}
