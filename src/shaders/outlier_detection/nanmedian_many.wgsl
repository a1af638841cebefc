//!include shared/nan.wgsl
//!include outlier_detection/middle.wgsl
// NaN-median over any number of layers of a stack, by selection bit by bit: 32 passes over the values of four pixels.
struct Params {
  quads: u32, // of a layer
  target_start: u32, // first quad in the output
  layers: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> stack: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> median: array<vec4f>;

const LAST = vec4u(0xffffffffu);

fn keys_at(k: u32, i: u32) -> vec4u {
  let x = stack[k * params.quads + i];
  return select(order_keys(x), LAST, are_nan(x));
}

fn ones(which: vec4<bool>) -> vec4u { return select(vec4u(0u), vec4u(1u), which); }

// The keys of those ranks among the pixels' values.
fn keys_of_ranks(i: u32, ranks: vec4u) -> vec4u {
  var found = vec4u(0u);
  var left = ranks;
  for (var bit = 32u; bit > 0u; bit--) {
    let shift = vec4u(bit - 1u);
    var zeros = vec4u(0u);
    for (var k = 0u; k < params.layers; k++) {
      zeros += ones((keys_at(k, i) >> shift) == (found >> shift));
    }
    let one = left >= zeros;
    left -= select(vec4u(0u), zeros, one);
    found |= ones(one) << shift;
  }
  return found;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var i = group.x * 64u + lane; i < params.quads; i += groups.x * 64u) {
    var n = vec4u(0u);
    for (var k = 0u; k < params.layers; k++) { n += ones(keys_at(k, i) != LAST); }
    let low = keys_of_ranks(i, (max(n, vec4u(1u)) - 1u) / 2u);
    var not_above = vec4u(0u);
    var high = LAST;
    for (var k = 0u; k < params.layers; k++) {
      let keys = keys_at(k, i);
      not_above += ones(keys <= low);
      high = select(high, min(high, keys), keys > low);
    }
    high = select(high, low, not_above > n / 2u);
    median[params.target_start + i] = select(middle_of(low, high), vec4f(nan()), n == vec4u(0u));
  }
}
