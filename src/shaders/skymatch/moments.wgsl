//!include shared/nan.wgsl
//!include skymatch/sets.wgsl
// Partial sums, two vec4u a workgroup, over a set's pixels v with lo <= v <= hi, d = v - centre:
// (count, sum of d, sum of d * d, 0) and (least v, greatest v, index of the first pixel of the set whatever its value, that value).
// A workgroup sums some ten thousand values by a tree in f32, which errs by parts in 1e8 either way; the host adds the
// partials in f64, where those errors average out.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> runs: array<vec2u>;
@group(0) @binding(4) var<storage, read> tasks: array<Task>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4u>;

const NONE = 0xffffffffu;
var<workgroup> numbers: array<vec2u, 256>; // count, first
var<workgroup> sums: array<vec2f, 256>;
var<workgroup> ranges: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let task = tasks[group.y];
  var n = vec2u(0u, NONE);
  var s = vec2f(0.0);
  var r = vec2f(3.4028234e38, -3.4028234e38);
  let end = min((group.x + 1u) * params.height, params.ny);
  for (var y = group.x * params.height; y < end; y++) {
    let last = rows[task.rows + y + 1u];
    for (var k = rows[task.rows + y]; k < last; k++) {
      let run = runs[k];
      for (var x = run.x + lane; x <= run.y; x += 256u) {
        let i = y * params.nx + x;
        let v = values[i];
        if (is_nan(v)) { continue; }
        n.y = min(n.y, i);
        if (v >= task.lo && v <= task.hi) {
          let d = v - task.centre;
          n.x += 1u;
          s += vec2f(d, d * d);
          r = vec2f(min(r.x, v), max(r.y, v));
        }
      }
    }
  }
  numbers[lane] = n;
  sums[lane] = s;
  ranges[lane] = r;
  for (var half = 128u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) {
      let other = lane + half;
      numbers[lane] = vec2u(numbers[lane].x + numbers[other].x, min(numbers[lane].y, numbers[other].y));
      sums[lane] += sums[other];
      ranges[lane] = vec2f(min(ranges[lane].x, ranges[other].x), max(ranges[lane].y, ranges[other].y));
    }
  }
  if (lane == 0u) {
    let at = 2u * (group.y * groups.x + group.x);
    let first = numbers[0].y;
    var value = 0u;
    if (first != NONE) { value = bitcast<u32>(values[first]); }
    partials[at] = vec4u(numbers[0].x, bitcast<vec2u>(sums[0]), 0u);
    partials[at + 1u] = vec4u(bitcast<vec2u>(ranges[0]), first, value);
  }
}
