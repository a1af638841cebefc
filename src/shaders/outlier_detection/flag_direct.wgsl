//!include shared/nan.wgsl
//!include shared/half.wgsl
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
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> err: array<u32>;
@group(0) @binding(3) var<storage, read> median: array<f32>;
@group(0) @binding(4) var<storage, read_write> dq: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var flagged = 0u;
  for (var k = group.x * 256u + lane; k < params.count; k += groups.x * 256u) {
    let i = params.first + k;
    let difference = data[i] - median[k];
    if (!is_nan(difference) && abs(difference) > times_error(params.snr, error_at(i))) {
      dq[i] |= params.flags;
      flagged++;
    }
  }
  if (flagged > 0u) { atomicAdd(&counts[params.counter], flagged); }
}
