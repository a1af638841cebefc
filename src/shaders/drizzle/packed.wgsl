// A pixel of four packed floats, by its index in the window: rows of 4096 texels (TEXEL_COLUMNS of src/gpu).
fn cell(p: i32) -> vec4f { return textureLoad(input, vec2i(p & 4095, p >> 12u), 0); }
