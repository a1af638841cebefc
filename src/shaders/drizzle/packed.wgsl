//!include shared/texels.wgsl
// A pixel of four packed floats, by its index in the window.
fn cell(p: i32) -> vec4f { return textureLoad(input, texel_place(u32(p)), 0); }
