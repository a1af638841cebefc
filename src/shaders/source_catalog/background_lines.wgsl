//!include source_catalog/background_zoom.wgsl
// The background mesh's spline along y at each row of pixels from y0 on: its coefficients along x, from column -2 to meshNx + 2.
struct Params {
  pivot: vec2f, low: vec2f, high: vec2f, meshNx: u32, meshNy: u32, boxWidth: u32, boxHeight: u32,
  ny: u32, y0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mesh: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> lines: array<f32>; // ny rows of meshNx + 5

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.ny) {
    return;
  }
  let v = (f32(params.y0 + id.x) + 0.5) / f32(params.boxHeight) - 0.5;
  let weights = splineWeights(v - floor(v));
  for (var k = 0u; k < params.meshNx + 5u; k++) {
    let column = reflected(i32(k) - 2, i32(params.meshNx));
    var sum = 0.0;
    for (var j = 0; j < 4; j++) {
      let row = reflected(i32(floor(v)) + j - 1, i32(params.meshNy));
      sum += weights[j] * mesh[row * i32(params.meshNx) + column].x;
    }
    lines[id.x * (params.meshNx + 5u) + k] = sum;
  }
}
