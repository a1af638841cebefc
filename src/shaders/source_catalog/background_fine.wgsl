//!include source_catalog/background_boxes.wgsl
//!include shared/mask.wgsl
// Histogram of each box's unmasked pixels in the bins of its window.
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> windows: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let run = runOf(group);
  let base = group.y * params.bins;
  let window = windows[group.y];
  let shift = firstTrailingBit(params.sub);
  for (var row = run.first; row < run.end; row += params.rowStep) {
    let start = (params.y0 + row) * params.nx;
    for (var x = run.from_x + local; x < run.to_x; x += 256u) {
      if (!isMasked(start + x)) {
        atomicAdd(&counts[base + (partOf(data[start + x], window) >> shift)], 1u);
      }
    }
  }
}
