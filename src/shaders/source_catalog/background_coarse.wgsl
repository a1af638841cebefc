//!include source_catalog/background_boxes.wgsl
//!include shared/mask.wgsl
// Histogram of each box's unmasked pixels by the leading bits of their ordered keys.
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  for (var k = 0u; k < 4u; k++) {
    let x = group.x * 1024u + k * 256u + local;
    let i = (params.y0 + group.y) * params.nx + x;
    if (x < params.nx && !isMasked(i)) {
      atomicAdd(&counts[boxOf(x, group.y) * params.bins + (orderedKey(data[i]) >> params.shift)], 1u);
    }
  }
}
