//!include source_catalog/background_zoom.wgsl
//!include shared/mask.wgsl
// data less the background mesh evaluated at each pixel; masked pixels keep their data. (x0, y0): the image's pixel that comes first.
struct Params {
  pivot: vec2f, low: vec2f, high: vec2f, meshNx: u32, meshNy: u32, boxWidth: u32, boxHeight: u32,
  nx: u32, x0: u32, y0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> mesh: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> subtracted: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let m = Mesh(params.pivot, params.low, params.high, params.meshNx, params.meshNy, params.boxWidth, params.boxHeight);
  for (var k = 0u; k < 4u; k++) {
    let x = group.x * 1024u + k * 256u + local;
    let i = group.y * params.nx + x;
    if (x >= params.nx) {
      continue;
    }
    var value = data[i];
    if (!isMasked(i)) {
      value -= meshAt(params.x0 + x, params.y0 + group.y, m).x;
    }
    subtracted[i] = value;
  }
}
