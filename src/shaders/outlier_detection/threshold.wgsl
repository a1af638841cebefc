//!include shared/nan.wgsl
//!include shared/half.wgsl
//!include outlier_detection/error.wgsl
// Which pixels of an exposure differ from the blotted median by more than a scaled derivative plus a multiple of the error,
// for two pairs of factors; with numpy's types (a float16 error gives a float16 product) and its NaN.
// A word answers for 16 rows of a column: bit r for the first threshold, bit 16 + r for the second.
struct Params {
  size: vec2u,
  half: u32, // the error plane is float16
  background: f32,
  snr: vec2f,
  scale: vec2f,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> err: array<u32>;
@group(0) @binding(3) var<storage, read> blotted: array<f32>;
@group(0) @binding(4) var<storage, read_write> masks: array<u32>;

const ROWS = 16u;

// The larger of a slope and the difference between two pixels; NaN differences are left out.
fn steeper(slope: f32, a: f32, b: f32) -> f32 {
  let d = abs(a - b);
  return select(slope, d, !is_nan(d) && d > slope);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = id.x;
  if (x >= params.size.x) { return; }
  let first = id.y * ROWS;
  let rows = min(ROWS, params.size.y - first);
  let left = select(1u, 0u, x == 0u); // at the edges the neighbour is the pixel itself
  let right = select(1u, 0u, x + 1u == params.size.x);
  var word = 0u;
  var i = first * params.size.x + x;
  var here = blotted[i];
  var above = here;
  if (first > 0u) { above = blotted[i - params.size.x]; }
  for (var r = 0u; r < rows; r++) {
    var below = here;
    if (first + r + 1u < params.size.y) { below = blotted[i + params.size.x]; }
    let up = abs(here - above);
    var slope = select(0.0, up, is_finite(up)); // as numpy: an infinite difference counts but for this one
    slope = steeper(slope, below, here);
    slope = steeper(slope, here, blotted[i - left]);
    slope = steeper(slope, blotted[i + right], here);
    let value = data[i];
    if (!is_nan(value) && !is_nan(here)) {
      let noise = abs(value - here - params.background);
      let error = error_at(i);
      word |= select(0u, 1u << r, noise > params.scale.x * slope + times_error(params.snr.x, error));
      word |= select(0u, 0x10000u << r, noise > params.scale.y * slope + times_error(params.snr.y, error));
    }
    above = here;
    here = below;
    i += params.size.x;
  }
  masks[id.y * params.size.x + x] = word;
}
