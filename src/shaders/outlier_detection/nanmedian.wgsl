//!include shared/nan.wgsl
//!include shared/order_key.wgsl
// NaN-median over the layers of a stack, up to 16 of them, by an odd-even sorting network in registers.
struct Params {
  pixels: u32, // of a layer
  target_start: u32, // first pixel in the output
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> stack: array<f32>;
@group(0) @binding(2) var<storage, read_write> median: array<f32>;

override LAYERS: u32 = 16u;
const LAST = 0xffffffffu; // of NaN: above every key

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var p = group.x * 64u + lane; p < params.pixels; p += groups.x * 64u) {
    var keys: array<u32, 16>;
    var n = 0u;
    for (var k = 0u; k < LAYERS; k++) {
      let x = stack[k * params.pixels + p];
      let valid = !is_nan(x);
      keys[k] = select(LAST, order_key(x), valid);
      n += select(0u, 1u, valid);
    }
    for (var round = 0u; round < LAYERS; round++) {
      for (var k = round & 1u; k + 1u < LAYERS; k += 2u) {
        let a = keys[k];
        let b = keys[k + 1u];
        keys[k] = min(a, b);
        keys[k + 1u] = max(a, b);
      }
    }
    var low = LAST;
    var high = LAST;
    for (var k = 0u; k < LAYERS; k++) {
      if (2u * k + 1u == n || 2u * k + 2u == n) { low = keys[k]; }
      if (2u * k == n || 2u * k + 1u == n) { high = keys[k]; }
    }
    let middle = select((order_value(low) + order_value(high)) * 0.5, order_value(low), low == high);
    median[params.target_start + p] = select(middle, nan(), n == 0u);
  }
}
