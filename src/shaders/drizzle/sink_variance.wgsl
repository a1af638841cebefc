//!include shared/nan.wgsl
//!include drizzle/variance.wgsl
//!include drizzle/packed.wgsl
// Sums one variance (the pixel's w, or z where told so) with weights from the read noise (z) or a constant.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4i>;
@group(0) @binding(2) var<storage, read> map: array<vec2i>;
@group(0) @binding(3) var input: texture_2d<f32>;
@group(0) @binding(4) var<storage, read_write> variance_sum: array<f32>;
@group(0) @binding(5) var<storage, read_write> variance_weight: array<f32>;

struct Sums {
  weight: f32,
  rnoise: f32,
  other: f32,
}

fn counts(p: i32, q: i32) -> bool { return cell(p).x != 0.0; }

fn add(s: ptr<function, Sums>, p: i32, q: i32, share: f32) {
  let a = cell(p);
  let dow = share * a.x;
  (*s).weight += dow;
  (*s).rnoise += dow * a.z;
  (*s).other += dow * select(a.w, a.z, (params.constant & 2u) != 0u);
}

fn put(o: u32, s: ptr<function, Sums>) {
  let w = (*s).weight;
  if (w == 0.0) { return; }
  let scale = select(inverse_variance(square((*s).rnoise / w)), params.amount, (params.constant & 1u) != 0u);
  let variance = square((*s).other / w);
  if (scale > 0.0 && is_finite(variance)) {
    variance_sum[o] += variance * scale * scale;
    variance_weight[o] += scale;
  }
}
