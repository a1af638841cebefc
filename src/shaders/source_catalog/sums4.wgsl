// shared/sums.wgsl for four sums at a time; the including kernel binds params (zero).
struct Sums4 { sum: vec4f, rest: vec4f }

fn kept4(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) ^ vec4u(params.zero));
}

fn add4(sums: Sums4, x: vec4f) -> Sums4 {
  let total = kept4(sums.sum + x);
  let added = kept4(total - sums.sum);
  let rest = (sums.sum - kept4(total - added)) + (x - added);
  return Sums4(total, sums.rest + rest);
}

fn join4(sums: Sums4) -> vec2f {
  var all = vec2f(sums.sum.x, sums.rest.x);
  for (var k = 1u; k < 4u; k++) { all = sum_join(all, vec2f(sums.sum[k], sums.rest[k]), params.zero); }
  return all;
}
