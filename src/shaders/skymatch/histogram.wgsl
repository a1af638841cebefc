//!include skymatch/sets.wgsl
// Counts over a set's pixels: of trunc(centre * (v - lo)) for lo <= v < hi, or (bins = 0) of a byte of the ordered keys of
// lo <= v <= hi. The first LOCAL bins are counted within the workgroup before they are added to `counts`.
@group(0) @binding(6) var<storage, read> tasks: array<Task>;
@group(0) @binding(7) var<storage, read_write> counts: array<atomic<u32>>;

const LOCAL = 1024u;
const NONE = 0xffffffffu;
var<workgroup> near: array<atomic<u32>, LOCAL>;

// Ascends with the value.
fn key_of(v: f32) -> u32 {
  let word = bitcast<u32>(v);
  return select(word | 0x80000000u, ~word, (word & 0x80000000u) != 0u);
}

fn bin_of(task: Task, v: f32) -> u32 {
  if (task.bins > 0u) {
    if (v >= task.lo && v < task.hi) { return min(u32(task.centre * (v - task.lo)), task.bins); }
    return NONE;
  }
  let key = key_of(v);
  if (v < task.lo || v > task.hi) { return NONE; }
  if (task.shift < 24u && (key >> (task.shift + 8u)) != task.prefix) { return NONE; }
  return (key >> task.shift) & 0xffu;
}

fn add(task: Task, bin: u32) {
  if (bin < LOCAL) {
    atomicAdd(&near[bin], 1u);
  } else if (bin != NONE) {
    atomicAdd(&counts[task.at + bin], 1u);
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = chunks[group.x];
  let task = tasks[chunk.task];
  let lanes = chunk.lanes;
  let column = lane % lanes;
  for (var y = select(chunk.end, chunk.first + lane / lanes, column < chunk.width); y < chunk.end; y += 64u / lanes) {
    let last = rows[chunk.rows + y + 1u];
    for (var k = rows[chunk.rows + y]; k < last; k++) {
      let run = vec2u(y * params.nx) + runs[k];
      for (var q = (run.x >> 2u) + column; q <= (run.y >> 2u); q += lanes) {
        let v = data[q];
        let ok = counts_in(run, q, v, params.bad);
        for (var c = 0; c < 4; c++) {
          if (ok[c]) { add(task, bin_of(task, v[c])); }
        }
      }
    }
  }
  workgroupBarrier();
  for (var bin = lane; bin < LOCAL; bin += 64u) {
    let count = atomicLoad(&near[bin]);
    if (count > 0u) { atomicAdd(&counts[task.at + bin], count); }
  }
}
