//!include source_catalog/label_words.wgsl
// Bounding box of each label: (x least, x greatest, y least, y greatest), set to (~0, 0, ~0, 0) before.
// Labelled pixels are among those of `seeds`.
struct Params {
  nx: u32,
  ny: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> segmentation: array<u32>;
@group(0) @binding(2) var<storage, read> seeds: array<u32>;
@group(0) @binding(3) var<storage, read_write> boxes: array<atomic<u32>>;

fn extend(i: u32, label: u32) {
  let x = i % params.nx;
  let y = i / params.nx;
  let box = (label - 1u) * 4u;
  // only ends of runs can be extremes
  if (x == 0u || segmentation[i - 1u] != label) { atomicMin(&boxes[box], x); }
  if (x + 1u == params.nx || segmentation[i + 1u] != label) { atomicMax(&boxes[box + 1u], x); }
  if (y == 0u || segmentation[i - params.nx] != label) { atomicMin(&boxes[box + 2u], y); }
  if (y + 1u == params.ny || segmentation[i + params.nx] != label) { atomicMax(&boxes[box + 3u], y); }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = wordOf(group, groups, local);
  if (word * 32u >= params.nx * params.ny) { return; }
  for (var bits = seeds[word]; bits != 0u; bits &= bits - 1u) {
    let i = word * 32u + firstTrailingBit(bits);
    if (segmentation[i] != 0u) { extend(i, segmentation[i]); }
  }
}
