//!include source_catalog/label_words.wgsl
//!include source_catalog/label_before.wgsl
// A component's area becomes its label: 1, 2, ... for those chosen, 0 for the others.
@group(0) @binding(0) var<storage, read> totals: array<u32>; // [0]: number of components
@group(0) @binding(1) var<storage, read> chosen: array<u32>;
@group(0) @binding(2) var<storage, read> blocks: array<u32>; // chosen components in the blocks before
@group(0) @binding(3) var<storage, read_write> areas: array<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = wordOf(group, groups, local);
  if (word * 32u >= totals[0]) {
    return;
  }
  var label = before(word);
  let end = min(word * 32u + 32u, totals[0]);
  for (var i = word * 32u; i < end; i++) {
    let keep = ((chosen[word] >> (i & 31u)) & 1u) != 0u;
    label += select(0u, 1u, keep);
    areas[i] = select(0u, label, keep);
  }
}
