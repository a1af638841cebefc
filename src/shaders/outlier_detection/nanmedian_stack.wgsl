//!include shared/nan.wgsl
//!include outlier_detection/network_32.wgsl
// NaN-median over up to 32 layers of a stack.
struct Params {
  quads: u32, // of a layer
  target_start: u32, // first quad in the output
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> stack: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> median: array<vec4f>;

override LAYERS: u32 = 32u;

fn layer(k: u32, i: u32) -> vec4f { return stack[k * params.quads + i]; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var i = group.x * 64u + lane; i < params.quads; i += groups.x * 64u) {
    median[params.target_start + i] = nanmedians(i);
  }
}
