//!include shared/nan.wgsl
// Of the values above 0, one vec4u a workgroup: how many, their sum and the largest (f32 bits).
struct Params {
  count: u32,
  first: u32, // partial of this dispatch's first workgroup
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<vec4u>;

var<workgroup> numbers: array<u32, 256>;
var<workgroup> sums: array<f32, 256>;
var<workgroup> largest: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var n = 0u;
  var sum = 0.0;
  var most = 0.0;
  for (var i = group.x * 256u + lane; i < params.count; i += groups.x * 256u) {
    let x = values[i];
    if (is_nan(x) || x <= 0.0) { continue; }
    n += 1u;
    sum += x;
    most = max(most, x);
  }
  numbers[lane] = n;
  sums[lane] = sum;
  largest[lane] = most;
  for (var half = 128u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) {
      numbers[lane] += numbers[lane + half];
      sums[lane] += sums[lane + half];
      largest[lane] = max(largest[lane], largest[lane + half]);
    }
  }
  if (lane == 0u) {
    partials[params.first + group.x] = vec4u(numbers[0], bitcast<u32>(sums[0]), bitcast<u32>(largest[0]), 0u);
  }
}
