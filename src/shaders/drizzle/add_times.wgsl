// Adds the exposure times of those exposures whose bits are set in a context plane.
struct Params {
  count: u32, // quads of pixels
  first: u32, // exposure of bit 0
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> times: array<f32>;
@group(0) @binding(2) var<storage, read> context: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> exposure_time: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var o = id.x; o < params.count; o += 64u * groups.x) {
    let context_bits = context[o];
    var left = context_bits.x | context_bits.y | context_bits.z | context_bits.w;
    if (left == 0u) { continue; }
    var sum = vec4f(0.0);
    while (left != 0u) {
      let k = firstTrailingBit(left);
      let told = ((context_bits >> vec4u(k)) & vec4u(1u)) == vec4u(1u);
      sum += select(vec4f(0.0), vec4f(times[params.first + k]), told);
      left &= left - 1u;
    }
    exposure_time[o] += sum;
  }
}
