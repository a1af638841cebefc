// Bounding box of each label: (x least, x greatest, y least, y greatest), set to (~0, 0, ~0, 0) before.
// Four pixels in flat order an invocation, 1024 a workgroup.
struct Params {
  nx: u32,
  ny: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> segmentation: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> boxes: array<atomic<u32>>;

fn label_at(i: u32) -> u32 {
  return segmentation[i >> 2u][i & 3u];
}

fn extend(i: u32, label: u32) {
  let x = i % params.nx;
  let y = i / params.nx;
  let box = (label - 1u) * 4u;
  // only ends of runs can be extremes
  if (x == 0u || label_at(i - 1u) != label) { atomicMin(&boxes[box], x); }
  if (x + 1u == params.nx || label_at(i + 1u) != label) { atomicMax(&boxes[box + 1u], x); }
  if (y == 0u || label_at(i - params.nx) != label) { atomicMin(&boxes[box + 2u], y); }
  if (y + 1u == params.ny || label_at(i + params.nx) != label) { atomicMax(&boxes[box + 3u], y); }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let quad = (group.y * groups.x + group.x) * 256u + local;
  let count = params.nx * params.ny;
  if (quad * 4u >= count) { return; }
  let labels = segmentation[quad];
  if (all(labels == vec4u())) { return; }
  for (var k = 0u; k < 4u; k++) {
    let i = quad * 4u + k;
    if (i < count && labels[k] != 0u) { extend(i, labels[k]); }
  }
}
