// Sums of one output pixel over the input pixels that overlap it: of data.
struct Sums {
  weight: f32,
  data: f32,
  largest: f32,
}

fn counts(p: i32, q: i32) -> bool { return input[p].x != 0.0; }

fn add(s: ptr<function, Sums>, p: i32, q: i32, share: f32) {
  let a = input[p];
  let dow = share * a.x;
  (*s).weight += dow;
  (*s).data += dow * a.y;
  (*s).largest = max((*s).largest, dow);
}
