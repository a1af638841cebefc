//!include skymatch/sets.wgsl
// As cells_few.wgsl for any number of histograms: cell c has the values v with edges[c - 1] <= v < edges[c], for
// edges that ascend. The cell is looked for from that of the value's bucket on: buckets[trunc(scale * (v - lo))] is the
// number of edges below all of the bucket, and the edge after them. Counts of a chunk are made within the workgroup.
struct Search {
  lo: f32,
  scale: f32,
  buckets: u32,
  edges: u32,
}
struct Bucket {
  cell: u32,
  edge: f32,
}
@group(0) @binding(6) var<uniform> search: Search;
@group(0) @binding(7) var<storage, read> buckets: array<Bucket>;
@group(0) @binding(8) var<storage, read> edges: array<f32>;
@group(0) @binding(9) var<storage, read_write> counts: array<atomic<u32>>;

const MOST = 4096u;
var<workgroup> near: array<atomic<u32>, MOST>;

fn cell_of(v: f32) -> u32 {
  let place = clamp(search.scale * (v - search.lo), 0.0, f32(search.buckets - 1u));
  let bucket = buckets[u32(place)];
  var cell = bucket.cell;
  if (v >= bucket.edge) {
    cell++;
    for (; cell < search.edges && v >= edges[cell]; cell++) {}
  }
  return cell;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = chunks[group.x];
  let bad = params.bad;
  let lanes = chunk.lanes;
  let column = lane % lanes;
  let step = 64u / lanes;
  for (var y = select(chunk.end, chunk.first + lane / lanes, column < chunk.width); y < chunk.end; y += step) {
    let last = rows[chunk.rows + y + 1u];
    for (var k = rows[chunk.rows + y]; k < last; k++) {
      let run = vec2u(y * params.nx) + runs[k];
      let end = run.y >> 2u;
      for (var q = (run.x >> 2u) + column; q <= end; q += lanes) {
        let v = data[q];
        let ok = counts_in(run, q, v, bad);
        for (var c = 0; c < 4; c++) {
          if (ok[c]) { atomicAdd(&near[cell_of(v[c])], 1u); }
        }
      }
    }
  }
  workgroupBarrier();
  for (var cell = lane; cell <= search.edges; cell += 64u) {
    let count = atomicLoad(&near[cell]);
    if (count > 0u) { atomicAdd(&counts[chunk.task * (search.edges + 1u) + cell], count); }
  }
}
