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

fn append(task: u32, at: u32, room: u32, v: f32) {
  let next = atomicAdd(&list[task], 1u);
  if (next < room) { atomicStore(&list[at + next], bitcast<u32>(v)); }
}

// Takes b's sums into a's.
fn join(a: u32, b: u32) {
  let x = sums[a];
  let y = sums[b];
  counts[a] += counts[b];
  sums[a] = vec4f(x.xy + y.xy, min(x.z, y.z), max(x.w, y.w));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = chunks[group.x];
  let task = tasks[chunk.task];
  let bad = params.bad;
  let lo = vec4f(task.lo);
  let hi = vec4f(task.hi);
  let step = task.every;
  let lanes = chunk.lanes;
  let column = lane % lanes;
  let stride = lanes * step;
  let rows_on = 64u / lanes;
  var n = vec4u(0u);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var least = vec4f(FAR);
  var greatest = vec4f(-FAR);
  let first = (chunk.first + step - 1u) / step + lane / lanes;
  for (var row = select(chunk.end, first, column * step < chunk.width); row * step < chunk.end; row += rows_on) {
    let y = row * step;
    let last = rows[chunk.rows + y + 1u];
    let start = column * step + (5u * row) % step;
    for (var k = rows[chunk.rows + y]; k < last; k++) {
      let run = vec2u(y * params.nx) + runs[k];
      let end = run.y >> 2u;
      for (var q = (run.x >> 2u) + start; q <= end;) {
        let begin = q;
        var others = 0u; // of eight quads, four bits each
        for (var bit = 1u; bit != 0u && q <= end; bit *= 16u) {
          let v = data[q];
          let ok = counts_in(run, q, v, bad);
          let core = ok & (v >= lo) & (v <= hi);
          let d = select(vec4f(0.0), v - task.centre, core);
          n += select(vec4u(0u), vec4u(1u), core);
          s1 += d;
          s2 += d * d;
          least = select(least, v, core & (v < least));
          greatest = select(greatest, v, core & (v > greatest));
          let rest = select(vec4u(0u), vec4u(1u, 2u, 4u, 8u), ok & !core);
          others |= bit * ((rest.x | rest.y) | (rest.z | rest.w));
          q += stride;
        }
        // apart, as a software driver goes through what is seldom done each time
        while (others != 0u) {
          let which = firstTrailingBit(others);
          others &= others - 1u;
          append(chunk.task, task.at, task.room, data[begin + (which >> 2u) * stride][which & 3u]);
        }
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
  workgroupBarrier();
  if (lane < 8u) {
    for (var half = 32u; half >= 8u; half >>= 1u) {
      for (var k = lane; k < half; k += 8u) { join(k, k + half); }
    }
  }
  workgroupBarrier();
  if (lane == 0u) {
    for (var half = 4u; half > 0u; half >>= 1u) {
      for (var k = 0u; k < half; k++) { join(k, k + half); }
    }
    let at = 2u * group.x;
    let words = bitcast<vec4u>(sums[0]);
    partials[at] = vec4u(counts[0], words.xy, 0u);
    partials[at + 1u] = vec4u(words.zw, 0u, 0u);
  }
}
