// Shared by the gather kernels.
struct Params {
  first: u32,     // record to start from
  count: u32,     // records
  columns: u32,   // workgroups a row of the dispatch
  in_nx: i32,
  in_ny: i32,
  nx: u32,        // output columns of the sums
  y0: u32,        // band: rows y0 <= y < y0 + ny
  ny: u32,
  one: i32,       // 2^fraction bits: fixed-point units a pixel
  unit: f32,      // 1 / one
  half_side: f32, // half of pixfrac
  bit: u32,       // of the context plane; 0: no context
  amount: f32,    // exposure time, or the constant variance weight
  constant: u32,  // bit 0: variances are weighted by `amount` instead of the inverse of the read noise variance;
                  // bit 1: the variance summed is that of the read noise
  left: i32,      // the packed window: its first column and row, its columns, and the index of a pixel of no weight
  bottom: i32,
  pitch: i32,
  blank: i32,
  window: i32,    // of spread.wgsl, and the next four: fixed-point distance along x or y beyond which a pixel does not matter
  shape: f32,     // gaussian: exponent a squared pixel; turbo: half the side; lanczos: order
  scale: f32,     // of the kernel's values
  step: u32,      // lanczos: entries of drizzle's table a fixed-point unit, times 2^shift
  shift: u32,     // at least 33
  x0: u32,        // first output column of the sums
}
override TILE: u32 = 32u;
const LANES = 32u;
// Areas below this are noise of f32 (a sum of four terms of size 1).
const NOISE = 2e-7;
