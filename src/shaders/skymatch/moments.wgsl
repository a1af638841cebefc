//!include skymatch/sets.wgsl
// Partial sums, two vec4u a workgroup, over a set's pixels v with lo <= v <= hi, d = v - centre:
// (count, sum of d, sum of d * d, 0) and (least v, greatest v, 0, 0).
// A workgroup sums some ten thousand values by a tree in f32, which errs by parts in 1e8 either way; the host adds the
// partials in f64, where those errors average out.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<vec4f>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> runs: array<vec2u>;
@group(0) @binding(4) var<storage, read> tasks: array<Task>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4u>;

const FAR = 3.4028234e38;
var<workgroup> counts: array<u32, 64>;
var<workgroup> sums: array<vec4f, 64>; // d, d * d, least, greatest

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let task = tasks[group.y];
  var n = vec4u(0u);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var least = vec4f(FAR);
  var greatest = vec4f(-FAR);
  let end = min((group.x + 1u) * params.height, params.ny);
  for (var y = group.x * params.height; y < end; y++) {
    let last = rows[task.rows + y + 1u];
    for (var k = rows[task.rows + y]; k < last; k++) {
      let run = vec2u(y * params.nx) + runs[k];
      for (var q = (run.x >> 2u) + lane; q <= (run.y >> 2u); q += 64u) {
        let v = values[q];
        let ok = within_run(q, run) & not_nan(v) & (v >= vec4f(task.lo)) & (v <= vec4f(task.hi));
        let d = select(vec4f(0.0), v - task.centre, ok);
        n += select(vec4u(0u), vec4u(1u), ok);
        s1 += d;
        s2 += d * d;
        least = min(least, select(vec4f(FAR), v, ok));
        greatest = max(greatest, select(vec4f(-FAR), v, ok));
      }
    }
  }
  let n2 = n.xy + n.zw;
  let t1 = s1.xy + s1.zw;
  let t2 = s2.xy + s2.zw;
  let low = min(least.xy, least.zw);
  let high = max(greatest.xy, greatest.zw);
  counts[lane] = n2.x + n2.y;
  sums[lane] = vec4f(t1.x + t1.y, t2.x + t2.y, min(low.x, low.y), max(high.x, high.y));
  for (var half = 32u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) {
      let a = sums[lane];
      let b = sums[lane + half];
      counts[lane] += counts[lane + half];
      sums[lane] = vec4f(a.xy + b.xy, min(a.z, b.z), max(a.w, b.w));
    }
  }
  if (lane == 0u) {
    let at = 2u * (group.y * groups.x + group.x);
    let words = bitcast<vec4u>(sums[0]);
    partials[at] = vec4u(counts[0], words.xy, 0u);
    partials[at + 1u] = vec4u(words.zw, 0u, 0u);
  }
}
