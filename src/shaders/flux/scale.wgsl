//!include shared/half_quads.wgsl
// Each value of a plane times `factor`, four words a step; HALF: words of two halves, factor a half's value, products rounded
// to halves (two halves multiply exactly in f32, so that there is one rounding, as in numpy).
override HALF: bool = false;
struct Params {
  words: u32,
  factor: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> plane: array<vec4u>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let factor = params.factor;
  let size = abs(factor);
  let turned = vec4u(select(0u, 0x80008000u, factor < 0.0)); // signs apart
  for (var q = group.x * 64u + lane; 4u * q < params.words; q += groups.x * 64u) {
    let quad = plane[q];
    if (HALF) {
      let low = half_magnitudes(quad & vec4u(0x7fffu)) * size;
      let high = half_magnitudes(upper_halves(quad & vec4u(0x7fff0000u))) * size;
      let sign = (quad & vec4u(0x80008000u)) ^ turned;
      plane[q] = sign | half_magnitude_bits(low) | (half_magnitude_bits(high) * 65536u);
    } else {
      plane[q] = bitcast<vec4u>(bitcast<vec4f>(quad) * factor);
    }
  }
}
