// Where a texel lies in its texture, by its index: rows of 4096 (TEXEL_COLUMNS of src/gpu).
fn texel_place(k: u32) -> vec2u { return vec2u(k & 4095u, k >> 12u); }
