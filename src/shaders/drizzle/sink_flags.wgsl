// ORs the DQ flags of the pixels that contribute.
struct Sums {
  flags: u32,
}

fn counts(p: i32, q: i32) -> bool { return input[p].x != 0.0 && dq[q] != 0u; }

fn add(s: ptr<function, Sums>, p: i32, q: i32, share: f32) {
  (*s).flags |= dq[q];
}

fn put(o: u32, s: ptr<function, Sums>) {
  if ((*s).flags != 0u) { out_dq[o] |= (*s).flags; }
}
