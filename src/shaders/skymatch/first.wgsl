//!include skymatch/sets.wgsl
// The first good pixel of each set in row-major order: (1, value), or (0, 0) where the set has none. A set is one chunk.
@group(0) @binding(6) var<storage, read_write> found: array<vec2u>;

const NONE = 0xffffffffu;
var<workgroup> first: atomic<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = chunks[group.x];
  if (lane == 0u) { atomicStore(&first, NONE); }
  workgroupBarrier();
  for (var y = chunk.first + lane; y < chunk.end; y += 64u) {
    if (y * params.nx >= atomicLoad(&first)) { break; }
    let last = rows[chunk.rows + y + 1u];
    var here = NONE;
    for (var k = rows[chunk.rows + y]; k < last && here == NONE; k++) {
      let run = vec2u(y * params.nx) + runs[k];
      for (var q = run.x >> 2u; q <= (run.y >> 2u) && here == NONE; q++) {
        let ok = counts_in(run, q, data[q], params.bad);
        for (var c = 3; c >= 0; c--) {
          if (ok[c]) { here = 4u * q + u32(c); }
        }
      }
    }
    atomicMin(&first, here);
  }
  workgroupBarrier();
  let i = atomicLoad(&first);
  if (lane == 0u) {
    found[group.x] = vec2u(0u);
    if (i != NONE) { found[group.x] = vec2u(1u, bitcast<u32>(data[i >> 2u][i & 3u])); }
  }
}
