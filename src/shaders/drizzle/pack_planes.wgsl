//!include shared/texels.wgsl
//!include drizzle/pack.wgsl
@group(0) @binding(7) var input: texture_storage_2d<rgba32float, write>;
const WITH_ROOTS = true;

fn put(at: u32, w: f32, d: f32, noise: f32, other: f32) {
  textureStore(input, texel_place(at), vec4f(w, d, noise, other));
}
