//!include drizzle/pack.wgsl
@group(0) @binding(7) var input: texture_storage_2d<rgba32float, write>;
const WITH_ROOTS = true;

// Where packed.wgsl reads it.
fn put(at: u32, w: f32, d: f32, noise: f32, other: f32) {
  textureStore(input, vec2u(at & 4095u, at >> 12u), vec4f(w, d, noise, other));
}
