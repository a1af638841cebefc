// data less the background mesh; masked pixels keep their data. Four columns and ROWS rows an invocation: the spline's weights
// along x are made once, its coefficients along x are those of background_lines. nx and x0 are
// multiples of 4, boxWidth at least 4.
struct Params {
  pivot: vec2f, low: vec2f, high: vec2f, meshNx: u32, meshNy: u32, boxWidth: u32, boxHeight: u32,
  nx: u32, ny: u32, x0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> lines: array<f32>;
@group(0) @binding(4) var<storage, read_write> subtracted: array<vec4f>;
const ROWS = 16u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let quads = params.nx / 4u;
  let quad = group.x * 64u + local;
  if (quad >= quads) {
    return;
  }
  let u = (vec4f(f32(params.x0 + quad * 4u)) + vec4f(0.5, 1.5, 2.5, 3.5)) / f32(params.boxWidth) - 0.5;
  let t = u - floor(u);
  let s = 1.0 - t;
  let a = s * s * s / 6.0;
  let d = t * t * t / 6.0;
  let b = (t * t * (t - 2.0) * 3.0 + 4.0) / 6.0;
  let c = 1.0 - a - b - d;
  // at most one of the four columns begins another cell of the mesh: its weights belong to the next coefficient each
  let next = floor(u) > vec4f(floor(u.x));
  let none = vec4f();
  let w0 = select(a, none, next);
  let w1 = select(b, a, next);
  let w2 = select(c, b, next);
  let w3 = select(d, c, next);
  let w4 = select(none, d, next);
  let first = u32(i32(floor(u.x)) + 1);
  let end = min(group.y * ROWS + ROWS, params.ny);
  for (var y = group.y * ROWS; y < end; y++) {
    let at = y * (params.meshNx + 5u) + first;
    let sum = lines[at] * w0 + lines[at + 1u] * w1 + lines[at + 2u] * w2 + lines[at + 3u] * w3 + lines[at + 4u] * w4;
    let background = clamp(params.pivot.x + sum, vec4f(params.low.x), vec4f(params.high.x));
    let i = y * quads + quad;
    let masked = ((vec4u(mask[i >> 3u] >> ((i & 7u) * 4u)) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u)) != vec4u();
    subtracted[i] = select(data[i] - background, data[i], masked);
  }
}
