//!include drizzle/packed.wgsl
// Adds the exposure time where some good pixel, of whatever weight, overlaps and no context bit tells.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4i>;
@group(0) @binding(2) var<storage, read> map: array<vec2i>;
@group(0) @binding(3) var input: texture_2d<f32>;
@group(0) @binding(4) var<storage, read> context: array<u32>;
@group(0) @binding(5) var<storage, read_write> exposure_time: array<f32>;

struct Sums {
  covered: bool,
}

fn counts(p: i32, q: i32) -> bool {
  let a = cell(p);
  return a.x != 0.0 || a.z < 0.0;
}

fn add(s: ptr<function, Sums>, p: i32, q: i32, share: f32) {
  (*s).covered = true;
}

fn put(o: u32, s: ptr<function, Sums>) {
  if ((*s).covered && (context[o] & params.bit) == 0u) { exposure_time[o] += params.amount; }
}
