// Coverage mask, one bit a pixel: set where data or err is not finite or err <= 0. A word of 32 pixels an invocation.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4u>; // bits of f32: a driver may flush denormals
@group(0) @binding(2) var<storage, read> err: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> mask: array<u32>;

fn excluded(d: vec4u, e: vec4u) -> vec4<bool> {
  let infinite = (d & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
  let positive = (e != vec4u()) & (e < vec4u(0x7f800000u));
  return infinite | !positive;
}

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = (group.y * groups.x + group.x) * 32u + local;
  if (word * 32u >= params.count) {
    return;
  }
  var bits = 0u;
  for (var k = 0u; k < 8u; k++) {
    let quad = word * 8u + k;
    if (quad * 4u < params.count) {
      let inside = vec4u(quad * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count);
      let four = excluded(data[quad], err[quad]) & inside;
      bits |= dot(select(vec4u(), vec4u(1u, 2u, 4u, 8u), four), vec4u(1u)) << (4u * k);
    }
  }
  mask[word] = bits;
}
