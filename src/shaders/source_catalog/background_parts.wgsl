//!include source_catalog/background_boxes.wgsl
//!include shared/mask.wgsl
// The bins that have a slot, cut into `sub` parts: of each part the pixels, the complement of the
// least key, the greatest key and the sum of the keys modulo 2^32.
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> windows: array<vec2f>;
@group(0) @binding(4) var<storage, read> slots: array<u32>; // of each bin: slot + 1, or 0
@group(0) @binding(5) var<storage, read_write> parts: array<atomic<u32>>; // 4 words a part, zero at first

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  for (var k = 0u; k < 4u; k++) {
    let x = group.x * 1024u + k * 256u + local;
    let i = (params.y0 + group.y) * params.nx + x;
    if (x >= params.nx || isMasked(i)) {
      continue;
    }
    let box = boxOf(x, group.y);
    let part = partOf(data[i], windows[box]);
    let slot = slots[box * params.bins + part / params.sub];
    if (slot == 0u) {
      continue;
    }
    let at = 4u * ((slot - 1u) * params.sub + part % params.sub);
    let key = orderedKey(data[i]);
    atomicAdd(&parts[at], 1u);
    atomicMax(&parts[at + 1u], ~key);
    atomicMax(&parts[at + 2u], key);
    atomicAdd(&parts[at + 3u], key);
  }
}
