//!include shared/nan.wgsl
//!include outlier_detection/middle.wgsl
// NaN-median over any number of layers of a stack, by selection: 16 passes over the keys of four pixels, two bits a pass. Keys take
// the place of the values.
struct Params {
  quads: u32, // of a layer
  target_start: u32, // first quad in the output
  layers: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> stack: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> median: array<vec4f>;

const LAST = vec4u(0xffffffffu);

fn ones(which: vec4<bool>) -> vec4u { return select(vec4u(0u), vec4u(1u), which); }

// How many values of each pixel are none.
fn make_keys(i: u32) -> vec4u {
  var missing = vec4u(0u);
  for (var k = 0u; k < params.layers; k++) {
    let at = k * params.quads + i;
    let x = bitcast<vec4f>(stack[at]);
    let gone = are_nan(x);
    missing += ones(gone);
    stack[at] = select(order_keys(x), LAST, gone);
  }
  return missing;
}

// The keys of those ranks among the pixels' values.
fn keys_of_ranks(i: u32, ranks: vec4u) -> vec4u {
  var found = vec4u(0u);
  for (var bit = 32u; bit > 0u; bit -= 2u) {
    let step = vec4u(1u << (bit - 2u));
    let one = found + step;
    let two = one + step;
    let three = two + step;
    var below_one = vec4u(0u);
    var below_two = vec4u(0u);
    var below_three = vec4u(0u);
    for (var k = 0u; k < params.layers; k++) {
      let keys = stack[k * params.quads + i];
      below_one += ones(keys < one);
      below_two += ones(keys < two);
      below_three += ones(keys < three);
    }
    found = select(found, one, ranks >= below_one);
    found = select(found, two, ranks >= below_two);
    found = select(found, three, ranks >= below_three);
  }
  return found;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var i = group.x * 64u + lane; i < params.quads; i += groups.x * 64u) {
    let n = params.layers - make_keys(i);
    let low = keys_of_ranks(i, (max(n, vec4u(1u)) - 1u) / 2u);
    var not_above = vec4u(0u);
    var high = LAST;
    for (var k = 0u; k < params.layers; k++) {
      let keys = stack[k * params.quads + i];
      not_above += ones(keys <= low);
      high = select(high, min(high, keys), keys > low);
    }
    high = select(high, low, not_above > n / 2u);
    median[params.target_start + i] = select(middle_of(low, high), vec4f(nan()), n == vec4u(0u));
  }
}
