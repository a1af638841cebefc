struct Params { n: u32, origin: vec2f, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
override SQUARE: bool = false;

@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.n) { return; }
  let x = input[id.x];
  output[id.x] = select(x, x * x, SQUARE) * params.scale + params.origin.y;
}
