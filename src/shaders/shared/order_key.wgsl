// Keys that order floats as unsigned integers (negative values reversed below the positive ones).
fn order_key(x: f32) -> u32 {
  let word = bitcast<u32>(x);
  return select(word | 0x80000000u, ~word, (word & 0x80000000u) != 0u);
}

fn order_value(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, (key & 0x80000000u) != 0u));
}
