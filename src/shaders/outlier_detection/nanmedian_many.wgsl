//!include shared/nan.wgsl
//!include shared/order_key.wgsl
// NaN-median over any number of layers of a stack, by selection bit by bit: 32 passes over a pixel's values.
struct Params {
  pixels: u32,
  target_start: u32,
  layers: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> stack: array<f32>;
@group(0) @binding(2) var<storage, read_write> median: array<f32>;

const LAST = 0xffffffffu;

fn key_at(k: u32, p: u32) -> u32 {
  let x = stack[k * params.pixels + p];
  return select(order_key(x), LAST, is_nan(x));
}

// The key of that rank among a pixel's values.
fn key_of_rank(p: u32, rank: u32) -> u32 {
  var found = 0u;
  var left = rank;
  for (var bit = 32u; bit > 0u; bit--) {
    var zeros = 0u;
    for (var k = 0u; k < params.layers; k++) {
      zeros += select(0u, 1u, (key_at(k, p) >> (bit - 1u)) == (found >> (bit - 1u)));
    }
    if (left >= zeros) {
      left -= zeros;
      found |= 1u << (bit - 1u);
    }
  }
  return found;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var p = group.x * 64u + lane; p < params.pixels; p += groups.x * 64u) {
    var n = 0u;
    for (var k = 0u; k < params.layers; k++) { n += select(0u, 1u, key_at(k, p) != LAST); }
    if (n == 0u) {
      median[params.target_start + p] = nan();
      continue;
    }
    let low = key_of_rank(p, (n - 1u) / 2u);
    var not_above = 0u;
    var high = LAST;
    for (var k = 0u; k < params.layers; k++) {
      let key = key_at(k, p);
      not_above += select(0u, 1u, key <= low);
      high = select(high, min(high, key), key > low);
    }
    if (not_above > n / 2u) { high = low; }
    median[params.target_start + p] = select((order_value(low) + order_value(high)) * 0.5, order_value(low), low == high);
  }
}
