//!include source_catalog/label_words.wgsl
// Components with at least npixels pixels, one bit each, and counted by blocks of 32 words.
struct Params { npixels: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> totals: array<u32>; // [0]: number of components
@group(0) @binding(2) var<storage, read> areas: array<u32>;
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(4) var<storage, read_write> blocks: array<atomic<u32>>; // zero at first

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = wordOf(group, groups, local);
  let end = min(word * 32u + 32u, totals[0]);
  var bits = 0u;
  for (var i = word * 32u; i < end; i++) {
    bits |= select(0u, 1u, areas[i] >= params.npixels) << (i & 31u);
  }
  if (word * 32u < totals[0]) {
    chosen[word] = bits;
    atomicAdd(&blocks[word >> 5u], countOneBits(bits));
  }
}
