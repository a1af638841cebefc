//!include shared/nan.wgsl
//!include shared/sums.wgsl
//!include source_catalog/sums4.wgsl
//!include source_catalog/window.wgsl
//!include source_catalog/walk.wgsl
//!include source_catalog/four_count_for.wgsl
// Centroid under a Gaussian that moves with it (SExtractor's XWIN, YWIN); one workgroup a source.
// shape: (sigma, -, -, -). Per source: x and y from the whole centre, flux under the Gaussian, second moments xx, yy, xy;
// then 1 where the window left the part, which ends the search.
struct Params {
  low: vec2i, // the image in this part's pixels, which may lie beyond it
  high: vec2i,
  nx: u32,
  ny: u32,
  sources: u32,
  groups_x: u32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> segmentation: array<vec4u>;
@group(0) @binding(4) var<storage, read> windows: array<Window>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

override THREADS: u32 = 32u;
const SUMS = 6u;
const STRIDE = 7u;
const ROUNDS = 16u;
const SMALL_STEP = 1e-4;
const RUN = 16u; // quads that are added in plain f32
var<workgroup> parts: array<vec2f, SUMS * THREADS>;
var<workgroup> totals: array<f32, 6>;

struct Box {
  low: vec2i,
  size: vec2i,
  held: bool, // by this part
}

// Pixels of the image within `reach` of a pixel.
fn box_about(middle: vec2i, reach: i32) -> Box {
  let low = max(middle - reach, params.low);
  let high = max(min(middle + reach + 1, params.high), low);
  let none = any(high == low);
  let held = none || (all(low >= vec2i(0)) && high.x <= i32(params.nx) && high.y <= i32(params.ny));
  return Box(low, select(high - low, vec2i(0), vec2<bool>(none)), held);
}

struct Moments {
  flux: f32,
  first: vec2f, // normalised by the flux
  second: vec3f, // xx, yy, xy, normalised
}

// Moments about `centre` (from the whole centre `origin`) within four sigma. Pixels come in the fours that the image is bound in,
// whatever column a row begins with.
fn moments(box: Box, origin: vec2i, centre: vec2f, sigma: f32, label: u32, thread: u32) -> Moments {
  let radius2 = 16.0 * sigma * sigma;
  let exponent = -0.5 / (sigma * sigma);
  let columns = u32(box.size.x + 6) / 4u;
  let quads = columns * u32(box.size.y);
  var totals4 = array<Sums4, SUMS>();
  var walk = walk_of(columns, thread);
  for (var start = thread; start < quads; start += RUN * THREADS) {
    var sums = array<vec4f, SUMS>();
    let end = min(start + RUN * THREADS, quads);
    for (var k = start; k < end; k += THREADS) {
      let y = box.low.y + i32(walk.row);
      let first = y * i32(params.nx);
      let quad = ((first + box.low.x) >> 2u) + i32(walk.column);
      walk = walk_on(walk);
      let x = vec4i(4 * quad - first) + vec4i(0, 1, 2, 3);
      let dx = vec4f(x - origin.x) - centre.x;
      let dy = f32(y - origin.y) - centre.y;
      let d2 = dx * dx + dy * dy;
      let near = (d2 <= vec4f(radius2)) & (x >= vec4i(box.low.x)) & (x < vec4i(box.low.x + box.size.x));
      if (!any(near)) { continue; }
      let counts = near & four_count_for(u32(quad), label);
      let v = select(vec4f(), data[quad] * exp(d2 * exponent), counts);
      sums[0] += v;
      sums[1] += v * dx;
      sums[2] += v * dy;
      sums[3] += v * dx * dx;
      sums[4] += v * dy * dy;
      sums[5] += v * dx * dy;
    }
    for (var k = 0u; k < SUMS; k++) { totals4[k] = add4(totals4[k], sums[k]); }
  }
  for (var k = 0u; k < SUMS; k++) { parts[k * THREADS + thread] = join4(totals4[k]); }
  workgroupBarrier();
  if (thread < SUMS) {
    var total = vec2f(0.0);
    for (var t = 0u; t < THREADS; t++) { total = sum_join(total, parts[thread * THREADS + t], params.zero); }
    totals[thread] = total.x + total.y;
  }
  let all = workgroupUniformLoad(&totals);
  return Moments(all[0], vec2f(all[1], all[2]) / all[0], vec3f(all[3], all[4], all[5]) / all[0]);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let window = windows[source];
  let origin = vec2i(window.centre.xy);
  let sigma = window.shape.x;
  var centre = window.centre.zw;
  var flux = 0.0;
  var second = vec3f(0.0);
  var left = 0.0;
  if (pixels_of(window) > 0u) {
    for (var round = 0u; round < ROUNDS; round++) {
      let box = box_about(origin + vec2i(floor(centre + 0.5)), i32(4.0 * sigma + 1.5));
      if (!box.held) {
        left = 1.0;
        break;
      }
      let found = moments(box, origin, centre, sigma, window.label, thread);
      flux = found.flux;
      if (flux == 0.0) {
        centre = vec2f(nan());
        break;
      }
      second = found.second - vec3f(found.first * found.first, found.first.x * found.first.y);
      centre += 2.0 * found.first;
      if (!(length(found.first) > SMALL_STEP)) { break; }
    }
  }
  if (thread == 0u) {
    let base = source * STRIDE;
    out[base] = centre.x;
    out[base + 1u] = centre.y;
    out[base + 2u] = flux;
    out[base + 3u] = second.x;
    out[base + 4u] = second.y;
    out[base + 5u] = second.z;
    out[base + 6u] = left;
  }
}
