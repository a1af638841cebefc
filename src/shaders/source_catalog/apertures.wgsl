//!include shared/nan.wgsl
//!include shared/sums.wgsl
//!include source_catalog/overlap.wgsl
// Sums in circular apertures by exact overlap; one workgroup a source and radius. Neither masks nor neighbours count, as in
// photutils' aperture_photometry: what is not finite is reported in bits (1 NaN, 2 +inf, 4 -inf of data; 8 NaN, 16 inf of err).
struct Params {
  nx: u32,
  ny: u32,
  sources: u32,
  groups_x: u32,
  radii: u32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> err: array<f32>;
// (whole x, whole y, rest x, rest y) of each centre
@group(0) @binding(3) var<storage, read> centres: array<vec4f>;
@group(0) @binding(4) var<storage, read> radii: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const THREADS = 64u;
const STRIDE = 6u;
var<workgroup> fluxes: array<vec2f, 64>;
var<workgroup> variances: array<vec2f, 64>;
var<workgroup> flags: array<u32, 64>;
var<workgroup> touched: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let centre = centres[source];
  let r = radii[group.z];
  let reach = i32(ceil(r + 1.0));
  let whole = vec2i(centre.xy);
  let low = max(whole - reach, vec2i(0));
  let high = min(whole + reach + 1, vec2i(i32(params.nx), i32(params.ny)));
  let size = max(high - low, vec2i(0));
  let pixels = u32(size.x * size.y);

  var flux = vec2f(0.0);
  var variance = vec2f(0.0);
  var flag = 0u;
  var count = 0u;
  for (var k = thread; k < pixels; k += THREADS) {
    let at = low + vec2i(i32(k) % size.x, i32(k) / size.x);
    let fraction = circle_fraction(vec2f(at - whole) - centre.zw, r);
    if (fraction <= 0.0) { continue; }
    count++;
    let i = u32(at.y) * params.nx + u32(at.x);
    let v = data[i];
    let e = err[i];
    if (is_finite(v)) { flux = sum_add(flux, v * fraction, params.zero); }
    else if (is_nan(v)) { flag |= 1u; }
    else { flag |= select(4u, 2u, v > 0.0); }
    if (is_finite(e)) { variance = sum_add(variance, e * fraction * e * fraction, params.zero); }
    else { flag |= select(16u, 8u, is_nan(e)); }
  }
  fluxes[thread] = flux;
  variances[thread] = variance;
  flags[thread] = flag;
  touched[thread] = count;
  workgroupBarrier();
  if (thread != 0u) { return; }
  for (var t = 1u; t < THREADS; t++) {
    flux = sum_join(flux, fluxes[t], params.zero);
    variance = sum_join(variance, variances[t], params.zero);
    flag |= flags[t];
    count += touched[t];
  }
  let base = (source * params.radii + group.z) * STRIDE;
  out[base] = flux.x;
  out[base + 1u] = flux.y;
  out[base + 2u] = variance.x;
  out[base + 3u] = variance.y;
  out[base + 4u] = bitcast<f32>(flag);
  out[base + 5u] = bitcast<f32>(count);
}
