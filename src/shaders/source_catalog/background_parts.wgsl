//!include source_catalog/background_boxes.wgsl
// The bins that have a slot, cut into `sub` parts: of each part the pixels, the complement of the
// least key, the greatest key and the sum of the keys modulo 2^32.
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> windows: array<vec2f>; // scale 0: the box has no slots
@group(0) @binding(4) var<storage, read> slots: array<u32>; // of each bin: slot + 1, or 0
@group(0) @binding(5) var<storage, read_write> parts: array<atomic<u32>>; // 4 words a part, zero at first

fn add(slot: u32, part: u32, key: u32) {
  let at = 4u * ((slot - 1u) * params.sub + (part & (params.sub - 1u)));
  atomicAdd(&parts[at], 1u);
  atomicMax(&parts[at + 1u], ~key);
  atomicMax(&parts[at + 2u], key);
  atomicAdd(&parts[at + 3u], key);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let run = runOf(group);
  let base = group.y * params.bins;
  let window = windows[group.y];
  if (window.y == 0.0) {
    return;
  }
  let shift = firstTrailingBit(params.sub);
  for (var k = local; k < run.quads; k += 256u) {
    let four = fourOf(run, k);
    let values = data[four.quad];
    let part = partsOf(values, window);
    let keys = orderedKeys(values);
    for (var j = 0u; j < 4u; j++) {
      if (!four.used[j]) { continue; }
      let slot = slots[base + (part[j] >> shift)];
      if (slot != 0u) { add(slot, part[j], keys[j]); }
    }
  }
}
