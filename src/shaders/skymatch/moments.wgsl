//!include skymatch/sets.wgsl
// Sums over a set's pixels v with lo <= v <= hi, and a list of its other pixels.
// Sums, d = v - centre, are two vec4u a workgroup: (count, sum of d, sum of d * d, 0) and (least v, greatest v, 0, 0). A
// lane sums at most some thousand values, a workgroup its lanes by a tree, in f32, which errs by parts in 1e7 either way; the host
// adds the partials in f64, where those errors average out.
// list[task] counts the other pixels; the first `room` of them, in no order, are list[at ...].
@group(0) @binding(6) var<storage, read> tasks: array<Task>;
@group(0) @binding(7) var<storage, read_write> partials: array<vec4u>;
@group(0) @binding(8) var<storage, read_write> list: array<atomic<u32>>;

const FAR = 3.4028234e38;
var<workgroup> counts: array<u32, 64>;
var<workgroup> sums: array<vec4f, 64>; // d, d * d, least, greatest

fn append(counter: u32, task: Task, v: vec4f, chosen: vec4<bool>) {
  let one = select(vec4u(0u), vec4u(1u), chosen);
  var next = atomicAdd(&list[counter], one.x + one.y + one.z + one.w);
  for (var c = 0u; c < 4u; c++) {
    if (chosen[c] && next < task.room) { atomicStore(&list[task.at + next], bitcast<u32>(v[c])); }
    next += one[c];
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = chunks[group.x];
  let task = tasks[chunk.task];
  let step = task.every;
  let lanes = chunk.lanes;
  let column = lane % lanes;
  var n = vec4u(0u);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var least = vec4f(FAR);
  var greatest = vec4f(-FAR);
  for (var row = (chunk.first + step - 1u) / step + lane / lanes; row * step < chunk.end; row += 64u / lanes) {
    let y = row * step;
    let last = rows[chunk.rows + y + 1u];
    for (var k = rows[chunk.rows + y]; k < last; k++) {
      let run = vec2u(y * params.nx) + runs[k];
      for (var q = (run.x >> 2u) + column * step + (5u * row) % step; q <= (run.y >> 2u); q += lanes * step) {
        let v = data[q];
        let ok = counts_in(run, q, v);
        let core = ok & (v >= vec4f(task.lo)) & (v <= vec4f(task.hi));
        let d = select(vec4f(0.0), v - task.centre, core);
        n += select(vec4u(0u), vec4u(1u), core);
        s1 += d;
        s2 += d * d;
        least = min(least, select(vec4f(FAR), v, core));
        greatest = max(greatest, select(vec4f(-FAR), v, core));
        let rest = ok & !core;
        if (any(rest)) { append(chunk.task, task, v, rest); }
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
    let at = 2u * group.x;
    let words = bitcast<vec4u>(sums[0]);
    partials[at] = vec4u(counts[0], words.xy, 0u);
    partials[at + 1u] = vec4u(words.zw, 0u, 0u);
  }
}
