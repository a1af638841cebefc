//!include drizzle/average.wgsl
// Sums into data, weight and context.
struct Sums {
  weight: f32,
  data: f32,
  largest: f32,
}

fn counts(p: i32) -> bool { return input[p].x != 0.0; }

fn add(s: ptr<function, Sums>, p: i32, share: f32) {
  let a = input[p];
  let dow = share * a.x;
  (*s).weight += dow;
  (*s).data += dow * a.y;
  (*s).largest = max((*s).largest, dow);
}

fn put(o: u32, s: ptr<function, Sums>) {
  if ((*s).weight == 0.0) { return; }
  average(o, (*s).weight, (*s).data);
  if (params.bit != 0u && (*s).largest > 0.0) { context[o] |= params.bit; }
}
