//!include shared/nan.wgsl
//!include shared/half.wgsl
// Outliers of one exposure against the blotted median: two thresholds of a scaled derivative plus a multiple of the error,
// the first grown by a pixel each way; with numpy's types (a float16 error gives a float16 product) and its NaN.
struct Params {
  size: vec2u,
  half: u32, // the error plane is float16
  counter: u32,
  snr: vec2f,
  scale: vec2f,
  background: f32,
  flags: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> err: array<u32>;
@group(0) @binding(3) var<storage, read> blotted: array<f32>;
@group(0) @binding(4) var<storage, read_write> dq: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

const SIDE = 16u;
const BLOT_SIDE = 20u;  // two pixels around
const MASK_SIDE = 18u;  // one pixel around
var<workgroup> blot_tile: array<f32, 400>;
var<workgroup> masks: array<u32, 324>; // bit 0: beyond the first threshold, bit 1: beyond the second
var<workgroup> flagged: atomic<u32>;

fn error_at(i: u32) -> f32 {
  var x: f32;
  var largest = 3.4028234663852886e38;
  if (params.half == 1u) {
    x = half_lane(err[i >> 1u], i);
    largest = 65504.0;
  } else {
    x = bitcast<f32>(err[i]);
  }
  if (is_nan(x)) { return 0.0; }
  return clamp(x, -largest, largest);
}

fn times_error(snr: f32, error: f32) -> f32 {
  if (params.half == 1u) { return half_round(half_round(snr) * error); }
  return snr * error;
}

// The steepest difference to a neighbour; NaN for a NaN pixel, differences to NaN neighbours left out.
fn steepest(p: vec2i, origin: vec2i) -> f32 {
  let at = u32(p.y - origin.y + 2) * BLOT_SIDE + u32(p.x - origin.x + 2);
  let here = blot_tile[at];
  if (is_nan(here)) { return nan(); }
  let size = vec2i(params.size);
  var result = 0.0;
  if (p.y > 0) {
    let d = abs(here - blot_tile[at - BLOT_SIDE]);
    if (is_finite(d)) { result = d; }
  }
  if (p.y + 1 < size.y) {
    let d = abs(blot_tile[at + BLOT_SIDE] - here);
    if (!is_nan(d) && d > result) { result = d; }
  }
  if (p.x > 0) {
    let d = abs(here - blot_tile[at - 1u]);
    if (!is_nan(d) && d > result) { result = d; }
  }
  if (p.x + 1 < size.x) {
    let d = abs(blot_tile[at + 1u] - here);
    if (!is_nan(d) && d > result) { result = d; }
  }
  return result;
}

fn mask_at(p: vec2i, origin: vec2i) -> u32 {
  let i = u32(p.y) * params.size.x + u32(p.x);
  let value = data[i];
  let slope = steepest(p, origin);
  if (is_nan(value) || is_nan(slope)) { return 0u; }
  let blot = blot_tile[u32(p.y - origin.y + 2) * BLOT_SIDE + u32(p.x - origin.x + 2)];
  let noise = abs(value - blot - params.background);
  let error = error_at(i);
  let above = vec2<bool>(
    noise > params.scale.x * slope + times_error(params.snr.x, error),
    noise > params.scale.y * slope + times_error(params.snr.y, error),
  );
  return select(0u, 1u, above.x) | select(0u, 2u, above.y);
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32) {
  let size = vec2i(params.size);
  let origin = vec2i(group.xy * SIDE);
  for (var k = lane; k < BLOT_SIDE * BLOT_SIDE; k += 256u) {
    let p = clamp(origin - 2 + vec2i(vec2u(k % BLOT_SIDE, k / BLOT_SIDE)), vec2i(0), size - 1);
    blot_tile[k] = blotted[u32(p.y) * params.size.x + u32(p.x)];
  }
  if (lane == 0u) { atomicStore(&flagged, 0u); }
  workgroupBarrier();
  for (var k = lane; k < MASK_SIDE * MASK_SIDE; k += 256u) {
    let p = origin - 1 + vec2i(vec2u(k % MASK_SIDE, k / MASK_SIDE));
    let outside = any(p < vec2i(0)) || any(p >= size);
    masks[k] = select(mask_at(clamp(p, vec2i(0), size - 1), origin), 0u, outside);
  }
  workgroupBarrier();
  let p = origin + vec2i(local.xy);
  if (all(p < size)) {
    let at = (local.y + 1u) * MASK_SIDE + local.x + 1u;
    var near = 0u;
    for (var dy = 0u; dy < 3u; dy++) {
      for (var dx = 0u; dx < 3u; dx++) { near |= masks[at + dy * MASK_SIDE + dx - MASK_SIDE - 1u]; }
    }
    if ((near & 1u) != 0u && (masks[at] & 2u) != 0u) {
      dq[u32(p.y) * params.size.x + u32(p.x)] |= params.flags;
      atomicAdd(&flagged, 1u);
    }
  }
  workgroupBarrier();
  if (lane == 0u) { atomicAdd(&counts[params.counter], atomicLoad(&flagged)); }
}
