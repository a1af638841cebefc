//!include shared/nan.wgsl
//!include shared/mask.wgsl
//!include shared/sums.wgsl
//!include source_catalog/walk.wgsl
// One workgroup a source, over its bounding box: sums of the segment and moments of the detection image.
// Moments are taken about the box's centre first, then about that centroid, so that nothing cancels; the host finishes in f64.
struct Params {
  nx: u32,
  sources: u32,
  groups_x: u32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> err: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> detection: array<f32>;
@group(0) @binding(5) var<storage, read> segmentation: array<u32>;
@group(0) @binding(6) var<storage, read> boxes: array<vec4u>;
@group(0) @binding(7) var<storage, read> labels: array<u32>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;

override THREADS: u32 = 32u;
const SUMS = 8u;
const STRIDE = 20u;
var<workgroup> parts: array<vec2f, SUMS * THREADS>;
var<workgroup> totals: array<vec2f, 8>;
var<workgroup> counts: array<u32, THREADS>;

fn total_up(thread: u32, sums: array<vec2f, 8>) {
  for (var k = 0u; k < SUMS; k++) { parts[k * THREADS + thread] = sums[k]; }
  workgroupBarrier();
  if (thread < SUMS) {
    var total = vec2f(0.0);
    for (var t = 0u; t < THREADS; t++) { total = sum_join(total, parts[thread * THREADS + t], params.zero); }
    totals[thread] = total;
  }
  workgroupBarrier();
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let label = labels[source];
  let box = boxes[source];
  let width = box.y - box.x + 1u;
  let pixels = width * (box.w - box.z + 1u);
  let middle = vec2f(f32(box.y - box.x), f32(box.w - box.z)) * 0.5;

  var sums = array<vec2f, 8>();
  var walk = walk_of(width, thread);
  for (var k = thread; k < pixels; k += THREADS) {
    let at = vec2u(walk.column, walk.row);
    walk = walk_on(walk);
    let i = (box.z + at.y) * params.nx + box.x + at.x;
    let v = detection[i];
    if (segmentation[i] != label || isMasked(i) || !is_finite(v) || v < 0.0) { continue; }
    let d = vec2f(at) - middle;
    sums[0] = sum_add(sums[0], v, params.zero);
    sums[1] = sum_add(sums[1], v * d.x, params.zero);
    sums[2] = sum_add(sums[2], v * d.y, params.zero);
  }
  total_up(thread, sums);
  var centre = middle;
  if (totals[0].x > 0.0) { centre += vec2f(totals[1].x, totals[2].x) / totals[0].x; }
  workgroupBarrier();

  sums = array<vec2f, 8>();
  var count = 0u;
  walk = walk_of(width, thread);
  for (var k = thread; k < pixels; k += THREADS) {
    let at = vec2u(walk.column, walk.row);
    walk = walk_on(walk);
    let i = (box.z + at.y) * params.nx + box.x + at.x;
    if (segmentation[i] != label || isMasked(i)) { continue; }
    count++;
    sums[6] = sum_add(sums[6], data[i], params.zero);
    sums[7] = sum_add(sums[7], err[i] * err[i], params.zero);
    let v = detection[i];
    if (!is_finite(v) || v < 0.0) { continue; }
    let d = vec2f(at) - centre;
    sums[0] = sum_add(sums[0], v, params.zero);
    sums[1] = sum_add(sums[1], v * d.x, params.zero);
    sums[2] = sum_add(sums[2], v * d.y, params.zero);
    sums[3] = sum_add(sums[3], v * d.x * d.x, params.zero);
    sums[4] = sum_add(sums[4], v * d.x * d.y, params.zero);
    sums[5] = sum_add(sums[5], v * d.y * d.y, params.zero);
  }
  counts[thread] = count;
  total_up(thread, sums);
  let base = source * STRIDE;
  if (thread < SUMS) {
    out[base + 2u * thread] = totals[thread].x;
    out[base + 2u * thread + 1u] = totals[thread].y;
  }
  if (thread == 0u) {
    var all = 0u;
    for (var t = 0u; t < THREADS; t++) { all += counts[t]; }
    out[base + 16u] = centre.x;
    out[base + 17u] = centre.y;
    out[base + 18u] = bitcast<f32>(all);
    out[base + 19u] = 0.0;
  }
}
