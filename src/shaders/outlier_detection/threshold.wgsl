//!include shared/nan.wgsl
//!include shared/half_quads.wgsl
//!include outlier_detection/error.wgsl
// Which pixels of an exposure differ from the blotted median by more than a scaled derivative plus a multiple of the error,
// for two pairs of factors; with numpy's types (a float16 error gives a float16 product) and its NaN.
// Few pixels do: only of those that differ by about the smaller multiple of the error are derivatives and rounded products made.
// A word answers for 16 rows of a column: bit r for the first threshold, bit 16 + r for the second. A thread takes four
// columns; rows of `blotted` and `masks` are padded to whole quads.
struct Params {
  size: vec2u,
  half: u32, // the error plane is float16
  background: f32,
  snr: vec2f,
  scale: vec2f,
  least: f32, // multiple of the error, not above either threshold's, or 0 where a factor is negative
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> err: array<vec2u>;
@group(0) @binding(3) var<storage, read> blotted: array<vec4f>;
@group(0) @binding(4) var<storage, read> spans: array<vec4u>; // a strip of 16 rows: first and end quad here, and of blot
@group(0) @binding(5) var<storage, read_write> masks: array<vec4u>; // zeros without a span

override ALIGNED: bool = true; // rows of the exposure are whole quads
const ROWS = 16u;

fn pixel(i: u32) -> f32 { return data[i >> 2u][i & 3u]; }

fn pixels(i: u32) -> vec4f {
  if (ALIGNED) { return data[i >> 2u]; }
  return vec4f(pixel(i), pixel(i + 1u), pixel(i + 2u), pixel(i + 3u));
}

// The larger of a slope and the difference between two pixels; NaN differences are left out.
fn steeper(slope: vec4f, a: vec4f, b: vec4f) -> vec4f {
  let d = abs(a - b);
  return select(slope, d, !are_nan(d) & (d > slope));
}

// The derivative of quad q, x quads from the left, in row y; at the edges the neighbour is the pixel itself.
fn slope_at(x: u32, y: u32, q: u32, here: vec4f) -> vec4f {
  let pitch = (params.size.x + 3u) / 4u;
  var above = here;
  if (y > 0u) { above = blotted[q - pitch]; }
  var below = here;
  if (y + 1u < params.size.y) { below = blotted[q + pitch]; }
  var before = here.x;
  if (x > 0u) { before = blotted[q - 1u].w; }
  var after = here.w;
  if (x + 1u < pitch) { after = blotted[q + 1u].x; }
  let at_end = vec4u(4u * x) + vec4u(1u, 2u, 3u, 4u) == vec4u(params.size.x);
  let up = abs(here - above);
  var slope = select(vec4f(0.0), up, are_finite(up)); // as numpy: an infinite difference counts but for this one
  slope = steeper(slope, below, here);
  slope = steeper(slope, here, vec4f(before, here.xyz));
  return steeper(slope, select(vec4f(here.yzw, after), here, at_end), here);
}

// Of quad x of row y: bit 0 for the first threshold, bit 16 for the second.
fn beyond(x: u32, y: u32) -> vec4u {
  let q = y * ((params.size.x + 3u) / 4u) + x;
  let i = y * params.size.x + 4u * x;
  let here = blotted[q];
  let values = pixels(i);
  let errors = errors_of(raw_errors(i));
  let noise = abs(values - here - params.background);
  let known = !are_nan(values) & !are_nan(here);
  let slope = slope_at(x, y, q, here);
  let one = known & (noise > params.scale.x * slope + times_errors(params.snr.x, errors));
  let two = known & (noise > params.scale.y * slope + times_errors(params.snr.y, errors));
  return select(vec4u(0u), vec4u(1u), one) | select(vec4u(0u), vec4u(0x10000u), two);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pitch = (params.size.x + 3u) / 4u;
  let span = spans[id.y];
  let x = span.x + id.x;
  if (x >= span.y) { return; }
  let first = id.y * ROWS;
  let end = min(first + ROWS, params.size.y);
  var left = 0u; // rows with a pixel that may be beyond
  for (var y = first; y < end; y++) {
    let i = y * params.size.x + 4u * x;
    let raw = raw_errors(i);
    let noise = abs(pixels(i) - blotted[y * pitch + x] - params.background);
    // 2^-24: what rounding to a float16 below the normal ones may take
    let least = params.least * select(vec4f(0.0), raw, are_finite(raw)) - 5.9604644775390625e-8;
    left |= select(0u, 1u << (y - first), any(noise > least));
  }
  var word = vec4u(0u);
  while (left != 0u) {
    let r = firstTrailingBit(left);
    left &= left - 1u;
    word |= beyond(x, first + r) << vec4u(r);
  }
  masks[id.y * pitch + x] = word;
}
