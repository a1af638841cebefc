// Adds the exposure time where any good pixel, of whatever weight, overlaps.
struct Sums {
  covered: bool,
}

fn counts(p: i32) -> bool { return input[p].x != 0.0 || errors[p].x < 0.0; }

fn add(s: ptr<function, Sums>, p: i32, share: f32, hit: bool) {
  (*s).covered = (*s).covered || hit;
}

fn put(o: u32, s: ptr<function, Sums>) {
  if ((*s).covered) { exposure_time[o] += params.amount; }
}
