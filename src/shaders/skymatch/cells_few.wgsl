//!include skymatch/sets.wgsl
// Counts of each task's pixels by cells of their value: cell c has the values with c edges not above them, the edges of all bins of
// several histograms taken together. How many of one histogram's are not above a value follows from the value's bin, so that a
// pixel's cell is a sum over the histograms. Cells 0 and the last, beyond all bins, are of no use: pixels that don't count go to cell 0.
struct Bins {
  of0: vec4f,
  of1: vec4f,
  of2: vec4f,
  of3: vec4f,
  of4: vec4f,
  of5: vec4f,
  of6: vec4f,
  of7: vec4f,
  edges: u32, // of all
}
@group(0) @binding(6) var<uniform> bins: Bins;
@group(0) @binding(7) var<storage, read_write> counts: array<atomic<u32>>;

override EIGHT: bool = true; // of4 to of7 too
const MOST = 4096u;
var<workgroup> near: array<atomic<u32>, MOST>;

// Edges of a histogram not above v: bins are trunc(scale * (v - lo)) for lo <= v < end; `histogram`: lo, end, scale, bins.
fn edges_below(v: vec4f, histogram: vec4f) -> vec4f {
  let bin = select(vec4f(histogram.w), floor(histogram.z * (v - histogram.x)), v < vec4f(histogram.y));
  return select(vec4f(0.0), bin + 1.0, v >= vec4f(histogram.x));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = chunks[group.x];
  let bad = params.bad;
  let lanes = chunk.lanes;
  let column = lane % lanes;
  let step = 64u / lanes;
  let h0 = bins.of0;
  let h1 = bins.of1;
  let h2 = bins.of2;
  let h3 = bins.of3;
  let h4 = bins.of4;
  let h5 = bins.of5;
  let h6 = bins.of6;
  let h7 = bins.of7;
  for (var y = select(chunk.end, chunk.first + lane / lanes, column < chunk.width); y < chunk.end; y += step) {
    let last = rows[chunk.rows + y + 1u];
    for (var k = rows[chunk.rows + y]; k < last; k++) {
      let run = vec2u(y * params.nx) + runs[k];
      let end = run.y >> 2u;
      for (var q = (run.x >> 2u) + column; q <= end; q += lanes) {
        let v = data[q];
        var sum = edges_below(v, h0) + edges_below(v, h1) + edges_below(v, h2) + edges_below(v, h3);
        if (EIGHT) {
          sum += edges_below(v, h4) + edges_below(v, h5) + edges_below(v, h6) + edges_below(v, h7);
        }
        let counted = select(vec4f(0.0), sum, counts_in(run, q, v, bad));
        let cell = bitcast<vec4u>(counted + 8388608.0) & vec4u(MOST - 1u); // 2^23: the sum is in the last bits
        atomicAdd(&near[cell.x], 1u);
        atomicAdd(&near[cell.y], 1u);
        atomicAdd(&near[cell.z], 1u);
        atomicAdd(&near[cell.w], 1u);
      }
    }
  }
  workgroupBarrier();
  for (var cell = lane; cell <= bins.edges; cell += 64u) {
    let count = atomicLoad(&near[cell]);
    if (count > 0u) { atomicAdd(&counts[chunk.task * (bins.edges + 1u) + cell], count); }
  }
}
