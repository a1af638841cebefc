// Keys of f32 numbers that sort as they do; NONE is no number's, above all.
const NONE = 0xffffffffu;

fn key_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return bits ^ select(0x80000000u, 0xffffffffu, (bits >> 31u) == 1u);
}

fn keys_of(x: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(x);
  return bits ^ select(vec4u(0x80000000u), vec4u(0xffffffffu), (bits >> vec4u(31u)) == vec4u(1u));
}

fn value_of(key: u32) -> f32 {
  return bitcast<f32>(key ^ select(0xffffffffu, 0x80000000u, (key >> 31u) == 1u));
}

fn values_of(key: vec4u) -> vec4f {
  return bitcast<vec4f>(key ^ select(vec4u(0xffffffffu), vec4u(0x80000000u), (key >> vec4u(31u)) == vec4u(1u)));
}

// Keys from `low` to `high`, both included; none where low > high.
struct Bounds { low: u32, high: u32 }

// Which keys lie within bounds below NONE.
fn within(key: vec4u, bounds: Bounds) -> vec4<bool> {
  return (key >= vec4u(bounds.low)) & (key <= vec4u(bounds.high));
}

fn number(which: vec4<bool>) -> u32 {
  let ones = select(vec2u(0u), vec2u(1u), which.xy) + select(vec2u(0u), vec2u(1u), which.zw);
  return ones.x + ones.y;
}

// Keys in equal bins of value between two of them.
struct Scale {
  bounds: Bounds,
  from_value: f32,
  per_value: f32, // bins
}

// For keys within the scale.
fn bins_of(scale: Scale, key: vec4u) -> vec4u {
  return min(vec4u((values_of(key) - scale.from_value) * scale.per_value), vec4u(BINS - 1u));
}
