//!include shared/nan.wgsl
//!include outlier_detection/network_8.wgsl
// NaN-median over up to 8 layers, each a plane of its own.
struct Params {
  quads: u32,
  target_start: u32, // first quad in the output
  starts: vec4u,     // first quads of layers 0 to 3
  more_starts: vec4u,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> layer0: array<vec4f>;
@group(0) @binding(2) var<storage, read> layer1: array<vec4f>;
@group(0) @binding(3) var<storage, read> layer2: array<vec4f>;
@group(0) @binding(4) var<storage, read> layer3: array<vec4f>;
@group(0) @binding(5) var<storage, read> layer4: array<vec4f>;
@group(0) @binding(6) var<storage, read> layer5: array<vec4f>;
@group(0) @binding(7) var<storage, read> layer6: array<vec4f>;
@group(0) @binding(8) var<storage, read> layer7: array<vec4f>;
@group(0) @binding(9) var<storage, read_write> median: array<vec4f>;

override LAYERS: u32 = 8u;

fn layer(k: u32, i: u32) -> vec4f {
  switch k {
    case 0u: { return layer0[params.starts.x + i]; }
    case 1u: { return layer1[params.starts.y + i]; }
    case 2u: { return layer2[params.starts.z + i]; }
    case 3u: { return layer3[params.starts.w + i]; }
    case 4u: { return layer4[params.more_starts.x + i]; }
    case 5u: { return layer5[params.more_starts.y + i]; }
    case 6u: { return layer6[params.more_starts.z + i]; }
    default: { return layer7[params.more_starts.w + i]; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var i = group.x * 64u + lane; i < params.quads; i += groups.x * 64u) {
    median[params.target_start + i] = nanmedians(i);
  }
}
