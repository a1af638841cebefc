// Adds the exposure time where some good pixel, of whatever weight, overlaps and no context bit tells.
struct Sums {
  covered: bool,
}

fn counts(p: i32, q: i32) -> bool {
  let a = input[p];
  return a.x != 0.0 || a.z < 0.0;
}

fn add(s: ptr<function, Sums>, p: i32, q: i32, share: f32) {
  (*s).covered = true;
}

fn put(o: u32, s: ptr<function, Sums>) {
  if ((*s).covered && (context[o] & params.bit) == 0u) { exposure_time[o] += params.amount; }
}
