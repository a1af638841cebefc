//!include shared/nan.wgsl
// Partial sums, one vec4u a workgroup, over the finite non-zero weights within [low, high]:
// how many; how many lie below low; the sums of d and of d * d, d = weight - centre (f32 bits).
struct Params {
  count: u32,
  first: u32, // partial of this dispatch's first workgroup
  low: f32,
  high: f32,
  centre: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<vec4u>;

var<workgroup> numbers: array<vec2u, 256>;
var<workgroup> sums: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var n = vec2u(0u);
  var s = vec2f(0.0);
  for (var i = group.x * 256u + lane; i < params.count; i += groups.x * 256u) {
    let w = weights[i];
    if (!is_finite(w) || w == 0.0) { continue; }
    if (w < params.low) {
      n.y += 1u;
    } else if (w <= params.high) {
      let d = w - params.centre;
      n.x += 1u;
      s += vec2f(d, d * d);
    }
  }
  numbers[lane] = n;
  sums[lane] = s;
  for (var half = 128u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) {
      numbers[lane] += numbers[lane + half];
      sums[lane] += sums[lane + half];
    }
  }
  if (lane == 0u) {
    partials[params.first + group.x] = vec4u(numbers[0], bitcast<vec2u>(sums[0]));
  }
}
