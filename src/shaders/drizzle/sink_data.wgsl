//!include drizzle/sums_data.wgsl
// Into data, weight and context: the running weighted mean of drizzle's update_data.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4i>;
@group(0) @binding(2) var<storage, read> map: array<vec2i>;
@group(0) @binding(3) var<storage, read> input: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> data: array<f32>;
@group(0) @binding(5) var<storage, read_write> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> context: array<u32>;

fn put(o: u32, s: ptr<function, Sums>) {
  let w = (*s).weight;
  if (w == 0.0) { return; }
  let before = weight[o];
  let after = before + w;
  data[o] = (data[o] * before + (*s).data) / after;
  weight[o] = after;
  if (params.bit != 0u && (*s).largest > 0.0) { context[o] |= params.bit; }
}
