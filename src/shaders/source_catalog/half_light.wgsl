//!include shared/nan.wgsl
//!include shared/mask.wgsl
//!include shared/sums.wgsl
//!include source_catalog/window.wgsl
//!include source_catalog/overlap.wgsl
// Radius of the circle that holds a given flux: Brent's method as scipy has it, one workgroup a source; each evaluation sums the
// circle by exact overlap. shape: (flux to hold, greatest radius, -, -). NaN where no radius does.
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
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const THREADS = 64u;
const LEAST = 0.1;
const XTOL = 2e-6;
const RTOL = 2.4e-7;
const ROUNDS = 100u;
var<workgroup> parts: array<vec2f, 64>;
var<workgroup> missing: f32;

struct Root {
  x: f32,
  signs_differ: bool,
}

// 1 - flux(r) / wanted.
fn shortfall(window: Window, label: u32, thread: u32, r: f32) -> f32 {
  let pixels = pixels_of(window);
  var sum = vec2f(0.0);
  for (var k = thread; k < pixels; k += THREADS) {
    let at = pixel_of(window, k);
    let i = u32(at.y) * params.nx + u32(at.x);
    let fraction = circle_fraction(from_centre(window, at), r);
    if (fraction > 0.0 && counts_for(i, label)) { sum = sum_add(sum, data[i] * fraction, params.zero); }
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    for (var t = 1u; t < THREADS; t++) { sum = sum_join(sum, parts[t], params.zero); }
    missing = 1.0 - (sum.x + sum.y) / window.shape.x;
  }
  return workgroupUniformLoad(&missing);
}

fn brent(window: Window, label: u32, thread: u32, f_least: f32, greatest: f32) -> Root {
  var x_pre = LEAST;
  var x_cur = greatest;
  var f_pre = f_least;
  var f_cur = shortfall(window, label, thread, x_cur);
  if (f_pre == 0.0) { return Root(x_pre, true); }
  if (f_cur == 0.0) { return Root(x_cur, true); }
  if ((f_pre < 0.0) == (f_cur < 0.0)) { return Root(0.0, false); }
  var x_blk = 0.0;
  var f_blk = 0.0;
  var s_pre = 0.0;
  var s_cur = 0.0;
  for (var round = 0u; round < ROUNDS; round++) {
    if (f_pre != 0.0 && f_cur != 0.0 && (f_pre < 0.0) != (f_cur < 0.0)) {
      x_blk = x_pre;
      f_blk = f_pre;
      s_cur = x_cur - x_pre;
      s_pre = s_cur;
    }
    if (abs(f_blk) < abs(f_cur)) {
      x_pre = x_cur;
      x_cur = x_blk;
      x_blk = x_pre;
      f_pre = f_cur;
      f_cur = f_blk;
      f_blk = f_pre;
    }
    let delta = (XTOL + RTOL * abs(x_cur)) / 2.0;
    let bisect = (x_blk - x_cur) / 2.0;
    if (f_cur == 0.0 || abs(bisect) < delta) { break; }
    var step = bisect;
    var last = bisect;
    if (abs(s_pre) > delta && abs(f_cur) < abs(f_pre)) {
      var guess: f32;
      if (x_pre == x_blk) {
        guess = -f_cur * (x_cur - x_pre) / (f_cur - f_pre);
      } else {
        let d_pre = (f_pre - f_cur) / (x_pre - x_cur);
        let d_blk = (f_blk - f_cur) / (x_blk - x_cur);
        guess = -f_cur * (f_blk * d_blk - f_pre * d_pre) / (d_blk * d_pre * (f_blk - f_pre));
      }
      if (2.0 * abs(guess) < min(abs(s_pre), 3.0 * abs(bisect) - delta)) {
        last = s_cur;
        step = guess;
      }
    }
    s_pre = last;
    s_cur = step;
    x_pre = x_cur;
    f_pre = f_cur;
    x_cur += select(select(-delta, delta, bisect > 0.0), s_cur, abs(s_cur) > delta);
    f_cur = shortfall(window, label, thread, x_cur);
  }
  return Root(x_cur, true);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let window = windows[source];
  var radius = nan();
  if (pixels_of(window) > 0u) {
    var greatest = window.shape.y;
    let shrink = 0.1 * greatest;
    let f_least = shortfall(window, window.label, thread, LEAST);
    while (greatest > LEAST) {
      let root = brent(window, window.label, thread, f_least, greatest);
      if (root.signs_differ) {
        radius = root.x;
        break;
      }
      greatest -= shrink;
    }
  }
  if (thread == 0u) { out[source] = radius; }
}
