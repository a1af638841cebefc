// Keys that order four floats as unsigned integers (shared/order_key.wgsl), and the median from the middle two.
fn order_keys(x: vec4f) -> vec4u {
  let word = bitcast<vec4u>(x);
  return select(word | vec4u(0x80000000u), ~word, word >= vec4u(0x80000000u));
}

fn order_values(key: vec4u) -> vec4f {
  return bitcast<vec4f>(select(~key, key & vec4u(0x7fffffffu), key >= vec4u(0x80000000u)));
}

// The mean of two values in f32; the value itself where they are one.
fn middle_of(low: vec4u, high: vec4u) -> vec4f {
  let value = order_values(low);
  return select((value + order_values(high)) * 0.5, value, low == high);
}
