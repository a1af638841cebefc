//!include drizzle/spread.wgsl
//!include drizzle/sink_planes.wgsl
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4i>;
@group(0) @binding(2) var<storage, read> map: array<vec2i>;
@group(0) @binding(3) var<storage, read> input: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> data: array<f32>;
@group(0) @binding(5) var<storage, read_write> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> context: array<u32>;
@group(0) @binding(7) var<storage, read_write> rnoise_weight: array<f32>;
@group(0) @binding(8) var<storage, read_write> poisson_sum: array<f32>;
@group(0) @binding(9) var<storage, read_write> poisson_missing: array<f32>;
@group(0) @binding(10) var<storage, read_write> exposure_time: array<f32>;
