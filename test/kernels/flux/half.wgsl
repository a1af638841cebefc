//!include shared/half.wgsl
//!include shared/half_quads.wgsl
//!include shared/nan.wgsl
// values[i] = half i's value; packed[i] = the half nearest to input i, bit 16: is_nan, bit 17: is_finite, bits 18 and 19: the
// functions of quads say otherwise, of values and of halves
@group(0) @binding(0) var<storage, read> inputs: array<u32>;
@group(0) @binding(1) var<storage, read_write> values: array<u32>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let x = bitcast<f32>(inputs[i]);
  let flags = select(0u, 0x10000u, is_nan(x)) | select(0u, 0x20000u, is_finite(x));
  let value = bitcast<u32>(half_lane(i << ((i & 1u) * 16u), i));
  let quads = vec4u(bitcast<u32>(quad_half_value(vec4u(i)).w), quad_half_bits(vec4f(x)).z, 0u, 0u);
  let differ = select(0u, 0x40000u, quads.x != value) | select(0u, 0x80000u, quads.y != half_bits(x));
  packed[i] = half_bits(x) | flags | differ;
  values[i] = value;
  if (i == 0u) { values[i] = bitcast<u32>(nan()); }
}
