//!include shared/nan.wgsl
//!include shared/sums.wgsl
//!include source_catalog/sums4.wgsl
//!include source_catalog/overlap.wgsl
//!include source_catalog/walk.wgsl
// Sums in circular apertures by exact overlap; one workgroup a source and radius. Neither masks nor neighbours count, as in
// photutils' aperture_photometry: what is not finite is reported in bits (1 NaN, 2 +inf, 4 -inf of data; 8 NaN, 16 inf of err).
// Pixels that lie within the circle whatever the others are added in fours, along rows; the overlap is computed for the pixels of a
// list alone, those that the circle's line can touch.
struct Params {
  nx: u32,
  ny: u32,
  sources: u32,
  groups_x: u32,
  radii: u32,
  zero: u32,
}
struct Radius {
  r: f32,
  first: u32, // of its pixels in `rims`, `count` of them
  count: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> err: array<vec4f>;
// (whole x, whole y, rest x, rest y) of each centre
@group(0) @binding(3) var<storage, read> centres: array<vec4f>;
@group(0) @binding(4) var<storage, read> radii: array<Radius>;
@group(0) @binding(5) var<storage, read> rims: array<vec2i>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

override THREADS: u32 = 32u;
const STRIDE = 6u;
var<workgroup> fluxes: array<vec2f, THREADS>;
var<workgroup> variances: array<vec2f, THREADS>;
var<workgroup> flags: array<u32, THREADS>;
var<workgroup> touched: array<u32, THREADS>;

fn flags_of(v: vec4f, e: vec4f, which: vec4<bool>) -> u32 {
  let data_nan = which & are_nan(v);
  let data_inf = which & !are_finite(v) & !data_nan;
  let err_nan = which & are_nan(e);
  let err_inf = which & !are_finite(e) & !err_nan;
  return select(0u, 1u, any(data_nan)) | select(0u, 2u, any(data_inf & (v > vec4f()))) | select(0u, 4u, any(data_inf & (v < vec4f())))
    | select(0u, 8u, any(err_nan)) | select(0u, 16u, any(err_inf));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let centre = centres[source];
  let radius = radii[group.z];
  let whole = vec2i(centre.xy);
  let size = vec2i(i32(params.nx), i32(params.ny));
  var fluxes4 = Sums4(vec4f(), vec4f());
  var variances4 = Sums4(vec4f(), vec4f());
  var flag = 0u;
  var count = 0u;

  let inner = radius.r - PIXEL_RADIUS;
  let reach = vec2f(max(inner, 0.0));
  let low = max(whole + vec2i(ceil(centre.zw - reach)), vec2i(0));
  let high = min(whole + vec2i(floor(centre.zw + reach)) + 1, size);
  let columns = u32(max(high.x - low.x, 0) + 6) / 4u;
  let quads = select(0u, columns * u32(max(high.y - low.y, 0)), inner > 0.0 && high.x > low.x);
  var walk = walk_of(columns, thread);
  for (var k = thread; k < quads; k += THREADS) {
    let y = low.y + i32(walk.row);
    let first = y * size.x;
    let quad = ((first + low.x) >> 2u) + i32(walk.column);
    walk = walk_on(walk);
    let x = vec4i(4 * quad - first) + vec4i(0, 1, 2, 3);
    let dx = vec4f(x - whole.x) - centre.z;
    let dy = f32(y - whole.y) - centre.w;
    let within = (dx * dx + dy * dy < vec4f(inner * inner)) & (x >= vec4i(0)) & (x < vec4i(size.x));
    if (!any(within)) { continue; }
    let v = data[quad];
    let e = err[quad];
    count++;
    flag |= flags_of(v, e, within);
    let error = select(vec4f(), e, within & are_finite(e));
    fluxes4 = add4(fluxes4, select(vec4f(), v, within & are_finite(v)));
    variances4 = add4(variances4, error * error);
  }
  var flux = join4(fluxes4);
  var variance = join4(variances4);

  for (var k = thread; k < radius.count; k += THREADS) {
    let offset = rims[radius.first + k];
    let at = whole + offset;
    if (any(at < vec2i(0)) || any(at >= size)) { continue; }
    let d = vec2f(offset) - centre.zw;
    if (inner > 0.0 && dot(d, d) < inner * inner) { continue; }
    let fraction = circle_fraction(d, radius.r);
    if (fraction <= 0.0) { continue; }
    count++;
    let i = u32(at.y * size.x + at.x);
    let v = data[i >> 2u][i & 3u];
    let e = err[i >> 2u][i & 3u];
    flag |= flags_of(vec4f(v), vec4f(e), vec4<bool>(true));
    let error = select(0.0, e * fraction, is_finite(e));
    flux = sum_add(flux, select(0.0, v, is_finite(v)) * fraction, params.zero);
    variance = sum_add(variance, error * error, params.zero);
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
