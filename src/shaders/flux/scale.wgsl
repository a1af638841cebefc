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

fn scaled_halves(h: vec4u) -> vec4u {
  return quad_half_bits(quad_half_value(h) * params.factor);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  for (var q = group.x * 64u + lane; 4u * q < params.words; q += groups.x * 64u) {
    let quad = plane[q];
    if (HALF) {
      let low = scaled_halves(quad & vec4u(0xffffu));
      plane[q] = low | (scaled_halves(quad >> vec4u(16u)) << vec4u(16u));
    } else {
      plane[q] = bitcast<vec4u>(bitcast<vec4f>(quad) * params.factor);
    }
  }
}
