@group(0) @binding(0) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  output[id.x] = undeclared;
}
