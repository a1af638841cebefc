//!include shared/nan.wgsl
//!include shared/half_quads.wgsl
//!include outlier_detection/error.wgsl
// Flags the pixels of an exposure that differ from the median of all exposures, pixel by pixel, by more than a multiple of the
// error (stcal flag_crs), and counts them.
struct Params {
  first: u32, // pixel of the exposure that the median starts with
  count: u32,
  half: u32,  // the error plane is float16
  snr: f32,
  counter: u32,
  flags: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> err: array<vec2u>;
@group(0) @binding(3) var<storage, read> median: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dq: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

override ALIGNED: bool = true; // `first` is a multiple of 4

fn pixel(i: u32) -> f32 { return data[i >> 2u][i & 3u]; }

fn pixels(i: u32) -> vec4f {
  if (ALIGNED) { return data[i >> 2u]; }
  return vec4f(pixel(i), pixel(i + 1u), pixel(i + 2u), pixel(i + 3u));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var flagged = 0u;
  for (var k = 4u * (group.x * 256u + lane); k < params.count; k += groups.x * 1024u) {
    let i = params.first + k;
    let difference = pixels(i) - median[k >> 2u];
    let beyond = !are_nan(difference) & (abs(difference) > times_errors(params.snr, errors_of(raw_errors(i))));
    if (!any(beyond)) { continue; }
    for (var c = 0u; c < min(4u, params.count - k); c++) {
      if (beyond[c]) {
        dq[i + c] |= params.flags;
        flagged++;
      }
    }
  }
  if (flagged > 0u) { atomicAdd(&counts[params.counter], flagged); }
}
