//!include shared/nan.wgsl
// Coverage mask, one bit a pixel: set where data or err is not finite or err <= 0. 1024 pixels a workgroup.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> err: array<f32>;
@group(0) @binding(3) var<storage, read_write> mask: array<u32>;

var<workgroup> words: array<atomic<u32>, 32>;

fn excluded(i: u32) -> bool {
  let e = bitcast<u32>(err[i]);
  let positive = e != 0u && e < 0x7f800000u; // by bits: a driver may flush denormals
  return !is_finite(data[i]) || !positive;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = group.y * groups.x + group.x;
  for (var k = 0u; k < 4u; k++) {
    let at = k * 256u + local;
    let i = tile * 1024u + at;
    if (i < params.count && excluded(i)) {
      atomicOr(&words[at >> 5u], 1u << (at & 31u));
    }
  }
  workgroupBarrier();
  let word = tile * 32u + local;
  if (local < 32u && word * 32u < params.count) {
    mask[word] = atomicLoad(&words[local]);
  }
}
