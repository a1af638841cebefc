//!include source_catalog/background_zoom.wgsl
//!include shared/mask.wgsl
//!include shared/nan.wgsl
// Separable convolution that leaves out masked and NaN pixels: sum(k * v) / sum(k) over the others, with zeros beyond the
// image; NaN where nothing is left. Rows `skip` to `skip + rows` are made; the others are there for their neighbours.
// With LABELS, an unmasked pixel above snr * rms is labelled with its place among those made and its bit set in `seeds`; both are
// zero before.
// A workgroup makes 32 x 32 pixels: lines of 32 columns first, from global memory, then columns from workgroup memory.
struct Params {
  pivot: vec2f, low: vec2f, high: vec2f, meshNx: u32, meshNy: u32, boxWidth: u32, boxHeight: u32,
  nx: u32, ny: u32, x0: u32, y0: u32, skip: u32, rows: u32, snr: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> mesh: array<vec2f>;
@group(0) @binding(4) var<storage, read> taps: array<f32>; // 2 * RADIUS + 1, sum 1
@group(0) @binding(5) var<storage, read_write> detection: array<f32>;
@group(0) @binding(6) var<storage, read_write> labels: array<u32>;
@group(0) @binding(7) var<storage, read_write> seeds: array<atomic<u32>>;

override RADIUS: u32 = 3u;
override ROWS: u32 = 38u; // 32 + 2 * RADIUS
override LABELS: bool = true;
const SIDE = 32u;

var<workgroup> lines: array<vec2f, SIDE * ROWS>; // sum(k * v), sum(k) along x

fn lineSum(x: i32, y: i32) -> vec2f {
  var sum = vec2f();
  let inside_y = y >= 0 && y < i32(params.ny);
  for (var k = 0u; k <= 2u * RADIUS; k++) {
    let at = x + i32(k) - i32(RADIUS);
    if (!inside_y || at < 0 || at >= i32(params.nx)) {
      sum.y += taps[k];
      continue;
    }
    let i = u32(y) * params.nx + u32(at);
    let value = data[i];
    if (!isMasked(i) && !is_nan(value)) {
      sum += taps[k] * vec2f(value, 1.0);
    }
  }
  return sum;
}

// Pixel (x, y) of those made.
fn finish(x: u32, y: u32, sum: vec2f) {
  let i = y * params.nx + x;
  var value = nan();
  if (sum.y != 0.0) {
    value = sum.x / sum.y;
    let own_row = y + params.skip;
    let lowest = min(params.snr * params.low.y, params.snr * params.high.y); // nothing below is above any rms
    if (LABELS && value > lowest && !isMasked(own_row * params.nx + x)) {
      let m = Mesh(params.pivot, params.low, params.high, params.meshNx, params.meshNy, params.boxWidth, params.boxHeight);
      if (value > params.snr * meshAt(params.x0 + x, params.y0 + own_row, m).y) {
        labels[i] = i;
        atomicOr(&seeds[i >> 5u], 1u << (i & 31u));
      }
    }
  }
  detection[i] = value;
}

@compute @workgroup_size(32, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let x = group.x * SIDE + local.x;
  let top = i32(group.y * SIDE + params.skip) - i32(RADIUS);
  for (var row = local.y; row < ROWS; row += 8u) {
    lines[row * SIDE + local.x] = lineSum(i32(x), top + i32(row));
  }
  workgroupBarrier();
  for (var row = local.y; row < SIDE; row += 8u) {
    let y = group.y * SIDE + row;
    if (x < params.nx && y < params.rows) {
      var sum = vec2f();
      for (var k = 0u; k <= 2u * RADIUS; k++) {
        sum += taps[k] * lines[(row + k) * SIDE + local.x];
      }
      finish(x, y, sum);
    }
  }
}
