// A source of the PSF fit; the including kernel binds params (nx, ny) and mask.
struct Source {
  start: vec2i,       // lower left pixel of the untrimmed 5 x 5 box
  at: vec2f,          // initial position less `start`
}
struct Fit {
  at: vec2f,          // position less `start`
  flux: f32,
  chi2: f32,
  pixels: u32,
  status: u32,        // as scipy's: 0 no convergence, 1 gradient, 2 cost, 3 position
}

const BOX = 5i;

fn usable(pixel: vec2i) -> bool {
  if (any(pixel < vec2i(0)) || pixel.x >= i32(params.nx) || pixel.y >= i32(params.ny)) { return false; }
  return !isMasked(u32(pixel.y) * params.nx + u32(pixel.x));
}
