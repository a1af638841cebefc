//!include shared/nan.wgsl
//!include shared/sums.wgsl
//!include source_catalog/window.wgsl
//!include source_catalog/counts_for.wgsl
//!include source_catalog/overlap.wgsl
//!include source_catalog/walk.wgsl
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

override THREADS: u32 = 32u;
const LEAST = 0.1;
const XTOL = 2e-6;
const RTOL = 2.4e-7;
const ROUNDS = 100u;
var<workgroup> parts: array<vec2f, THREADS>;
var<workgroup> missing: f32;

// 1 - flux(r) / wanted, from the pixels that the circle can touch.
fn shortfall(window: Window, thread: u32, r: f32) -> f32 {
  let whole = vec2i(window.centre.xy);
  let low = max(whole + vec2i(ceil(window.centre.zw - r - 0.5)), window.bounds.xz);
  let high = min(whole + vec2i(floor(window.centre.zw + r + 0.5)) + 1, window.bounds.yw);
  let size = max(high - low, vec2i(0));
  let pixels = u32(size.x * size.y);
  var sum = vec2f(0.0);
  var walk = walk_of(u32(size.x), thread);
  for (var k = thread; k < pixels; k += THREADS) {
    let at = low + vec2i(vec2u(walk.column, walk.row));
    walk = walk_on(walk);
    let i = u32(at.y) * params.nx + u32(at.x);
    let fraction = circle_fraction(from_centre(window, at), r);
    if (fraction > 0.0 && counts_for(i, window.label)) { sum = sum_add(sum, data[i] * fraction, params.zero); }
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    for (var t = 1u; t < THREADS; t++) { sum = sum_join(sum, parts[t], params.zero); }
    missing = 1.0 - (sum.x + sum.y) / window.shape.x;
  }
  return workgroupUniformLoad(&missing);
}

// Turns evaluate one radius each: the least, the greatest, brought in while both have one sign, then Brent's. One call site of
// shortfall() keeps the compiled code small.
fn radius_of(window: Window, thread: u32) -> f32 {
  var greatest = window.shape.y;
  var opened = false;
  var searching = false;
  var rounds = 0u;
  var f_least = 0.0;
  var x_cur = LEAST;
  var x_pre = LEAST;
  var x_blk = 0.0;
  var f_pre = 0.0;
  var f_blk = 0.0;
  var s_pre = 0.0;
  var s_cur = 0.0;
  loop {
    var f_cur = shortfall(window, thread, x_cur);
    if (!searching) {
      if (opened) {
        if (f_least == 0.0) { return LEAST; }
        searching = f_cur == 0.0 || (f_least < 0.0) != (f_cur < 0.0);
        greatest -= 0.1 * window.shape.y;
      } else {
        f_least = f_cur;
        opened = true;
      }
      if (!searching) {
        if (!(greatest > LEAST)) { return nan(); }
        x_cur = greatest;
        continue;
      }
      f_pre = f_least;
    }
    rounds++;
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
    if (f_cur == 0.0 || abs(bisect) < delta || rounds > ROUNDS) { return x_cur; }
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
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let window = windows[source];
  var radius = nan();
  if (pixels_of(window) > 0u) { radius = radius_of(window, thread); }
  if (thread == 0u) { out[source] = radius; }
}
