//!include shared/sums.wgsl
//!include source_catalog/window.wgsl
//!include source_catalog/walk.wgsl
//!include source_catalog/counts_for.wgsl
// Sums of v r and of v within six times the second-moment ellipse, for Kron's radius; r is the elliptical radius.
// shape: (cxx, cxy, cyy, greatest r).
struct Params {
  nx: u32,
  sources: u32,
  groups_x: u32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> segmentation: array<u32>;
@group(0) @binding(4) var<storage, read> windows: array<Window>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4f>;

override THREADS: u32 = 32u;
var<workgroup> firsts: array<vec2f, THREADS>;
var<workgroup> seconds: array<vec2f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let window = windows[source];
  let pixels = pixels_of(window);
  var first = vec2f(0.0);
  var second = vec2f(0.0);
  var walk = walk_of(u32(columns_of(window)), thread);
  for (var k = thread; k < pixels; k += THREADS) {
    let at = window.bounds.xz + vec2i(vec2u(walk.column, walk.row));
    walk = walk_on(walk);
    let d = from_centre(window, at);
    let r = sqrt(max(window.shape.x * d.x * d.x + window.shape.y * d.x * d.y + window.shape.z * d.y * d.y, 0.0));
    let i = u32(at.y) * params.nx + u32(at.x);
    if (r > window.shape.w || !counts_for(i, window.label)) { continue; }
    first = sum_add(first, data[i] * r, params.zero);
    second = sum_add(second, data[i], params.zero);
  }
  firsts[thread] = first;
  seconds[thread] = second;
  workgroupBarrier();
  if (thread != 0u) { return; }
  for (var t = 1u; t < THREADS; t++) {
    first = sum_join(first, firsts[t], params.zero);
    second = sum_join(second, seconds[t], params.zero);
  }
  out[source] = vec4f(first, second);
}
