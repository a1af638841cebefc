// Bounding box of each label: (x least, x greatest, y least, y greatest), set to (~0, 0, ~0, 0) before.
struct Params {
  nx: u32,
  ny: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> segmentation: array<u32>;
@group(0) @binding(2) var<storage, read_write> boxes: array<atomic<u32>>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.nx || id.y >= params.ny) { return; }
  let i = id.y * params.nx + id.x;
  let label = segmentation[i];
  if (label == 0u) { return; }
  let box = (label - 1u) * 4u;
  // only ends of runs can be extremes
  if (id.x == 0u || segmentation[i - 1u] != label) { atomicMin(&boxes[box], id.x); }
  if (id.x + 1u == params.nx || segmentation[i + 1u] != label) { atomicMax(&boxes[box + 1u], id.x); }
  if (id.y == 0u || segmentation[i - params.nx] != label) { atomicMin(&boxes[box + 2u], id.y); }
  if (id.y + 1u == params.ny || segmentation[i + params.nx] != label) { atomicMax(&boxes[box + 3u], id.y); }
}
