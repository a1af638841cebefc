//!include source_catalog/background_zoom.wgsl
//!include shared/nan.wgsl
// What convolve.wgsl computes, for kernels of at most 4 taps each side and nx a multiple of 4: an invocation makes four columns of
// ROWS rows. It goes down the rows; a row's sums along x are added at once to the outputs they belong to, kept in registers.
struct Params {
  pivot: vec2f, low: vec2f, high: vec2f, meshNx: u32, meshNy: u32, boxWidth: u32, boxHeight: u32,
  nx: u32, ny: u32, x0: u32, y0: u32, skip: u32, rows: u32, snr: f32, centre: f32,
  taps: vec4f, // 1 to 4 pixels from the centre; 0 beyond RADIUS
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> mesh: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> detection: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> labels: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> seeds: array<atomic<u32>>;

override RADIUS: u32 = 3u;
override LABELS: bool = true;
const ROWS = 32u;

// Sums of k * v of the four middle pixels of twelve.
fn along(left: vec4f, own: vec4f, right: vec4f) -> vec4f {
  var sum = params.centre * own;
  sum += params.taps.x * (vec4f(left.w, own.xyz) + vec4f(own.yzw, right.x));
  sum += params.taps.y * (vec4f(left.zw, own.xy) + vec4f(own.zw, right.xy));
  sum += params.taps.z * (vec4f(left.yzw, own.x) + vec4f(own.w, right.xyz));
  if (RADIUS > 3u) {
    sum += params.taps.w * (left + right);
  }
  return sum;
}

// Mask bits of a quad.
fn bitsOf(i: u32) -> u32 {
  return (mask[i >> 3u] >> ((i & 7u) * 4u)) & 15u;
}

fn chosen(bits: u32) -> vec4<bool> {
  return (vec4u(bits) & vec4u(1u, 2u, 4u, 8u)) != vec4u();
}

// Labels and seeds of a quad in row y of those made.
fn label(quad: u32, y: u32, value: vec4f, good: vec4<bool>) {
  let lowest = min(params.snr * params.low.y, params.snr * params.high.y); // nothing below is above any rms
  let above = good & (value > vec4f(lowest));
  if (!any(above)) {
    return;
  }
  let m = Mesh(params.pivot, params.low, params.high, params.meshNx, params.meshNy, params.boxWidth, params.boxHeight);
  let own_row = y + params.skip;
  let masked = chosen(bitsOf(own_row * (params.nx / 4u) + quad));
  let i = y * (params.nx / 4u) + quad;
  var own = vec4u();
  var bits = 0u;
  for (var k = 0u; k < 4u; k++) {
    if (above[k] && !masked[k] && value[k] > params.snr * meshAt(params.x0 + quad * 4u + k, params.y0 + own_row, m).y) {
      own[k] = 4u * i + k;
      bits |= 1u << k;
    }
  }
  if (bits != 0u) {
    labels[i] = own;
    atomicOr(&seeds[i >> 3u], bits << (4u * (i & 7u)));
  }
}

fn finish(quad: u32, y: u32, sum: vec4f, weight: vec4f) {
  let good = weight != vec4f();
  let value = select(vec4f(nan()), sum / weight, good);
  detection[y * (params.nx / 4u) + quad] = value;
  if (LABELS) {
    label(quad, y, value, good);
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let quads = params.nx / 4u;
  let quad = group.x * 64u + local;
  if (quad >= quads) {
    return;
  }
  let one = vec4f(1.0);
  let full = along(one, one, one);
  let top = i32(group.y * ROWS + params.skip);
  let end = min(top + i32(ROWS), i32(params.skip + params.rows));
  let reach = select(3, 4, RADIUS > 3u);
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f(); var s4 = vec4f();
  var s5 = vec4f(); var s6 = vec4f(); var s7 = vec4f(); var s8 = vec4f();
  var w0 = vec4f(); var w1 = vec4f(); var w2 = vec4f(); var w3 = vec4f(); var w4 = vec4f();
  var w5 = vec4f(); var w6 = vec4f(); var w7 = vec4f(); var w8 = vec4f();
  let t = params.taps;
  for (var row = top - reach; row < end + reach; row++) {
    var sum = vec4f();
    var weight = full;
    if (row >= 0 && row < i32(params.ny)) {
      let i = u32(row) * quads + quad;
      var bits = bitsOf(i) << 4u;
      var left = vec4f();
      var own = data[i];
      var right = vec4f();
      if (quad > 0u) {
        left = data[i - 1u];
        bits |= bitsOf(i - 1u);
      }
      if (quad + 1u < quads) {
        right = data[i + 1u];
        bits |= bitsOf(i + 1u) << 8u;
      }
      if (bits != 0u) {
        let none = vec4f();
        left = select(left, none, chosen(bits));
        own = select(own, none, chosen(bits >> 4u));
        right = select(right, none, chosen(bits >> 8u));
        weight = along(
          select(one, none, chosen(bits)),
          select(one, none, chosen(bits >> 4u)),
          select(one, none, chosen(bits >> 8u)),
        );
      }
      sum = along(left, own, right);
    }
    // s4 is the output of this row, s0 that of four rows above, s8 that of four rows below
    s4 += params.centre * sum; w4 += params.centre * weight;
    s3 += t.x * sum; w3 += t.x * weight;
    s5 += t.x * sum; w5 += t.x * weight;
    s2 += t.y * sum; w2 += t.y * weight;
    s6 += t.y * sum; w6 += t.y * weight;
    s1 += t.z * sum; w1 += t.z * weight;
    s7 += t.z * sum; w7 += t.z * weight;
    var done = row - 3;
    var doneSum = s1;
    var doneWeight = w1;
    if (RADIUS > 3u) {
      s0 += t.w * sum; w0 += t.w * weight;
      s8 += t.w * sum; w8 += t.w * weight;
      done = row - 4;
      doneSum = s0;
      doneWeight = w0;
      s0 = s1; w0 = w1;
    }
    if (done >= top && done < end) {
      finish(quad, u32(done) - params.skip, doneSum, doneWeight);
    }
    s1 = s2; s2 = s3; s3 = s4; s4 = s5; s5 = s6; s6 = s7; s7 = s8; s8 = vec4f();
    w1 = w2; w2 = w3; w3 = w4; w4 = w5; w5 = w6; w6 = w7; w7 = w8; w8 = vec4f();
  }
}
