//!include shared/half.wgsl
// Each value of a plane times `factor`; HALF: words of two halves, factor a half's value, products rounded to halves
// (two halves multiply exactly in f32, so that there is one rounding, as in numpy).
override HALF: bool = false;
struct Params {
  words: u32,
  factor: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> plane: array<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  for (var i = group.x * 256u + lane; i < params.words; i += groups.x * 256u) {
    let word = plane[i];
    if (HALF) {
      plane[i] = half_pack(half_unpack(word) * params.factor);
    } else {
      plane[i] = bitcast<u32>(bitcast<f32>(word) * params.factor);
    }
  }
}
