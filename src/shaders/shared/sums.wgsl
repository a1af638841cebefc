// Sums in two floats (hi, lo): the error of each addition is kept, so that a sum is as good as its terms are.
// `zero` is 0 from a uniform: compilers cannot see it, and so cannot re-associate the sums away.
fn kept(x: f32, zero: u32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ zero);
}

fn sum_add(sum: vec2f, x: f32, zero: u32) -> vec2f {
  let total = kept(sum.x + x, zero);
  let added = kept(total - sum.x, zero);
  let rest = (sum.x - kept(total - added, zero)) + (x - added);
  return vec2f(total, sum.y + rest);
}

fn sum_join(a: vec2f, b: vec2f, zero: u32) -> vec2f {
  return sum_add(sum_add(a, b.x, zero), b.y, zero);
}
