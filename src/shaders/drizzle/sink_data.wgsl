//!include drizzle/signal.wgsl
//!include drizzle/sums_data.wgsl
// Into data, weight and context.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4i>;
@group(0) @binding(2) var<storage, read> map: array<vec2i>;
@group(0) @binding(3) var<storage, read> input: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> data: array<f32>;
@group(0) @binding(5) var<storage, read_write> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> context: array<u32>;

fn put(o: u32, s: ptr<function, Sums>) {
  if ((*s).weight == 0.0) { return; }
  put_signal(o, (*s).weight, (*s).data, (*s).largest > 0.0);
}
