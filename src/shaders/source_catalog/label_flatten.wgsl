//!include source_catalog/label_words.wgsl
// Every pixel's label becomes its component's least index; the pixels that carry their own index (roots) are marked in
// `roots` and counted by blocks of 32 words.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read_write> labels: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> roots: array<u32>;
@group(0) @binding(4) var<storage, read_write> blocks: array<atomic<u32>>; // zero at first

// Whether pixel i is a root.
fn flatten(i: u32) -> bool {
  var at = atomicLoad(&labels[i]);
  if (at == i) {
    return true;
  }
  var up = atomicLoad(&labels[at]);
  while (up != at) {
    at = up;
    up = atomicLoad(&labels[at]);
  }
  atomicStore(&labels[i], at);
  return false;
}

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
  var own = 0u;
  for (var bits = seeds[word]; bits != 0u; bits &= bits - 1u) {
    let bit = firstTrailingBit(bits);
    if (flatten(word * 32u + bit)) {
      own |= 1u << bit;
    }
  }
  roots[word] = own;
  if (own != 0u) {
    atomicAdd(&blocks[word >> 5u], countOneBits(own));
  }
}
