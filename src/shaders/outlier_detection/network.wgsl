//!include outlier_detection/middle.wgsl
// What the networks for NaN-medians share. The including kernel has LAYERS and `layer(k, i)`, four pixels of a layer.
//
// A network takes a fixed number of keys. Those of NaN and of layers beyond LAYERS are put alternately above and below all
// others, so that the middle stays where it is; `missing` counts both.

// The smaller one first.
fn order(a: ptr<function, vec4u>, b: ptr<function, vec4u>) {
  let low = min(*a, *b);
  *b = max(*a, *b);
  *a = low;
}

// Key k of a network; the first one beyond LAYERS lies above.
fn taken(k: u32, i: u32, missing: ptr<function, vec4u>) -> vec4u {
  if (k >= LAYERS) { return select(vec4u(0u), vec4u(0xffffffffu), vec4<bool>(((k - LAYERS) & 1u) == 0u)); }
  let x = layer(k, i);
  let gone = are_nan(x);
  let beyond = select(vec4u(0u), vec4u(0xffffffffu), (*missing & vec4u(1u)) == vec4u(0u));
  *missing += select(vec4u(0u), vec4u(1u), gone);
  return select(order_keys(x), beyond, gone);
}

// The median from the keys in the middle of a network of `most`.
fn median_of(below: vec4u, above: vec4u, missing: vec4u, most: u32) -> vec4f {
  let high = select(above, below, (missing & vec4u(1u)) == vec4u(1u));
  return select(middle_of(below, high), vec4f(nan()), missing == vec4u(most));
}
