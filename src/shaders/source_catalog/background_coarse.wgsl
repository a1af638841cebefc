//!include source_catalog/background_boxes.wgsl
// Histogram of each box's unmasked pixels by the leading bits of their ordered keys.
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let run = runOf(group);
  let base = group.y * params.bins;
  for (var k = local; k < run.quads; k += 256u) {
    let four = fourOf(run, k);
    let bins = orderedKeys(data[four.quad]) >> vec4u(params.shift);
    for (var j = 0u; j < 4u; j++) {
      if (four.used[j]) { atomicAdd(&counts[base + bins[j]], 1u); }
    }
  }
}
