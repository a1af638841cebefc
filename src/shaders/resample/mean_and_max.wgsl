//!include shared/nan.wgsl
// Of the values above 0, one vec4u a workgroup: how many, their sum and the largest (f32 bits).
struct Params {
  count: u32,
  first: u32, // partial of this dispatch's first workgroup
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partials: array<vec4u>;

var<workgroup> numbers: array<u32, 64>;
var<workgroup> sums: array<f32, 64>;
var<workgroup> largest: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var n = vec4u(0u);
  var sum = vec4f(0.0);
  var most = vec4f(0.0);
  for (var i = group.x * 64u + lane; i < (params.count + 3u) / 4u; i += groups.x * 64u) {
    let x = values[i];
    let within = 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count);
    let counted = within & !are_nan(x) & (x > vec4f(0.0));
    n += select(vec4u(0u), vec4u(1u), counted);
    sum += select(vec4f(0.0), x, counted);
    most = select(most, x, counted & (x > most));
  }
  numbers[lane] = n.x + n.y + n.z + n.w;
  sums[lane] = sum.x + sum.y + sum.z + sum.w;
  largest[lane] = max(max(most.x, most.y), max(most.z, most.w));
  for (var half = 32u; half > 0u; half >>= 1u) {
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
