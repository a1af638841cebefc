//!include drizzle/pack.wgsl
@group(0) @binding(7) var<storage, read_write> input: array<vec2f>;
const WITH_ROOTS = false;

fn put(at: u32, w: f32, d: f32, noise: f32, other: f32) { input[at] = vec2f(w, d); }
