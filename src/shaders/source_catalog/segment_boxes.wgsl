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

fn extend(label: u32, start: u32, count: u32) {
  let y = start / params.nx;
  let x = start - y * params.nx;
  let box = (label - 1u) * 4u;
  atomicMin(&boxes[box], x);
  atomicMax(&boxes[box + 1u], x + count - 1u);
  atomicMin(&boxes[box + 2u], y);
  atomicMax(&boxes[box + 3u], y);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = wordOf(group, groups, local);
  if (word * 32u >= params.nx * params.ny) { return; }
  var bits = seeds[word];
  while (bits != 0u) {
    let bit = firstTrailingBit(bits);
    let start = word * 32u + bit;
    let to_row_end = params.nx - start % params.nx;
    let most = min(countTrailingZeros(~(bits >> bit)), to_row_end);
    let label = segmentation[start];
    var count = 1u;
    while (count < most && segmentation[start + count] == label) { count++; }
    if (label != 0u) { extend(label, start, count); }
    // the bits of pixels of one label side by side; a shift by 32 would be one by 0
    bits &= ~((((1u << (count - 1u)) << 1u) - 1u) << bit);
  }
}
