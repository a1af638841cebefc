//!include shared/nan.wgsl
// DAOFIND's sharpness and roundness1 of each source; one thread a source. The kernel is square, of odd size, its weights zero
// outside a circle (`inside` says which); pixels beyond the image count as zero.
struct Params {
  nx: u32,
  ny: u32,
  sources: u32,
  size: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> pixels: array<vec2i>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> inside: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<vec2f>;

fn within(at: vec2i) -> bool {
  return all(at >= vec2i(0)) && at.x < i32(params.nx) && at.y < i32(params.ny);
}

fn pixel(at: vec2i) -> f32 {
  if (!within(at)) { return 0.0; }
  return data[u32(at.y) * params.nx + u32(at.x)];
}

fn convolved(at: vec2i, reach: i32) -> f32 {
  if (!within(at)) { return 0.0; }
  var sum = 0.0;
  for (var j = 0u; j < params.size; j++) {
    for (var i = 0u; i < params.size; i++) {
      let weight = weights[j * params.size + i];
      // scipy leaves out weights of zero: a NaN there does not count
      if (weight != 0.0) { sum += weight * pixel(at + vec2i(i32(i), i32(j)) - reach); }
    }
  }
  return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let source = id.y * groups.x * 64u + id.x;
  if (source >= params.sources) { return; }
  let centre = pixels[source];
  let reach = i32(params.size / 2u);
  var around = 0.0;
  var count = 0.0;
  var sum2 = 0.0;
  var sum4 = 0.0;
  for (var y = -reach; y <= reach; y++) {
    for (var x = -reach; x <= reach; x++) {
      if (x == 0 && y == 0) { continue; }
      let at = centre + vec2i(x, y);
      if (inside[u32(y + reach) * params.size + u32(x + reach)] != 0u) {
        around += pixel(at);
        count += 1.0;
      } else if (!is_finite(pixel(at))) { around = nan(); } // romancal multiplies by its mask: 0 * NaN
      let c = convolved(at, reach);
      // quadrants of a pinwheel: right-above and left-below count minus, the other two plus
      let minus = (x > 0 && y <= 0) || (x < 0 && y >= 0);
      sum2 += select(c, -c, minus);
      sum4 += abs(c);
    }
  }
  let peak = pixel(centre);
  let top = convolved(centre, reach);
  let sharpness = (peak - around / count) / top;
  let roundness = 2.0 * sum2 / sum4;
  out[source] = vec2f(select(sharpness, nan(), top == 0.0 && peak == 0.0), select(roundness, nan(), sum4 == 0.0));
}
