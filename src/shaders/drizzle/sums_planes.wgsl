//!include drizzle/packed.wgsl
// Sums of one output pixel over the input pixels that overlap it: of data and of both roots of variances.
struct Sums {
  weight: f32,
  data: f32,
  rnoise: f32,
  poisson: f32,
  largest: f32,
  covered: bool, // by a good pixel, of whatever weight
}

fn counts(p: i32, q: i32) -> bool {
  let a = cell(p);
  return a.x != 0.0 || a.z < 0.0;
}

fn add(s: ptr<function, Sums>, p: i32, q: i32, share: f32) {
  let a = cell(p);
  let dow = share * a.x;
  (*s).weight += dow;
  (*s).data += dow * a.y;
  (*s).rnoise += dow * a.z;
  (*s).poisson += dow * a.w;
  (*s).largest = max((*s).largest, dow);
  (*s).covered = (*s).covered || a.x != 0.0 || a.z < 0.0;
}
