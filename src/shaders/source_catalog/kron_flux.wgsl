//!include shared/sums.wgsl
//!include source_catalog/window.wgsl
//!include source_catalog/walk.wgsl
//!include source_catalog/counts_for.wgsl
//!include source_catalog/overlap.wgsl
// Flux and variance in an elliptical aperture by exact overlap. shape: (semi-major, semi-minor, cos, sin of the orientation).
// Per source: flux (hi, lo), variance (hi, lo), then the number of pixels that counted.
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
@group(0) @binding(4) var<storage, read> segmentation: array<u32>;
@group(0) @binding(5) var<storage, read> windows: array<Window>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

override THREADS: u32 = 32u;
var<workgroup> firsts: array<vec2f, THREADS>;
var<workgroup> seconds: array<vec2f, THREADS>;
var<workgroup> counts: array<u32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let window = windows[source];
  let pixels = pixels_of(window);
  var flux = vec2f(0.0);
  var variance = vec2f(0.0);
  var count = 0u;
  var walk = walk_of(u32(columns_of(window)), thread);
  for (var k = thread; k < pixels; k += THREADS) {
    let at = window.bounds.xz + vec2i(vec2u(walk.column, walk.row));
    walk = walk_on(walk);
    let i = u32(at.y) * params.nx + u32(at.x);
    let fraction = ellipse_fraction(from_centre(window, at), window.shape.xy, window.shape.zw);
    if (fraction <= 0.0 || !counts_for(i, window.label)) { continue; }
    count++;
    let e = err[i] * fraction;
    flux = sum_add(flux, data[i] * fraction, params.zero);
    variance = sum_add(variance, e * e, params.zero);
  }
  firsts[thread] = flux;
  seconds[thread] = variance;
  counts[thread] = count;
  workgroupBarrier();
  if (thread != 0u) { return; }
  for (var t = 1u; t < THREADS; t++) {
    flux = sum_join(flux, firsts[t], params.zero);
    variance = sum_join(variance, seconds[t], params.zero);
    count += counts[t];
  }
  out[source * 5u] = flux.x;
  out[source * 5u + 1u] = flux.y;
  out[source * 5u + 2u] = variance.x;
  out[source * 5u + 3u] = variance.y;
  out[source * 5u + 4u] = bitcast<f32>(count);
}
