//!include shared/nan.wgsl
//!include drizzle/sums_planes.wgsl
// As sink_planes.wgsl, four neighbouring output pixels at a time; each `push` moves the earlier ones down.
struct Quad {
  weight: vec4f,
  data: vec4f,
  rnoise: vec4f,
  poisson: vec4f,
  largest: vec4f,
  covered: vec4<bool>,
}

fn push(q: ptr<function, Quad>, s: ptr<function, Sums>) {
  (*q).weight = vec4f((*q).weight.yzw, (*s).weight);
  (*q).data = vec4f((*q).data.yzw, (*s).data);
  (*q).rnoise = vec4f((*q).rnoise.yzw, (*s).rnoise);
  (*q).poisson = vec4f((*q).poisson.yzw, (*s).poisson);
  (*q).largest = vec4f((*q).largest.yzw, (*s).largest);
  (*q).covered = vec4<bool>((*q).covered.yzw, (*s).covered);
}

fn put(o: u32, q: ptr<function, Quad>) {
  let positive = (*q).largest > vec4f(0.0);
  let untold = (*q).covered & !(positive & vec4<bool>(params.bit != 0u));
  if (params.amount != 0.0 && any(untold)) {
    exposure_time[o] += select(vec4f(0.0), vec4f(params.amount), untold);
  }
  let w = (*q).weight;
  let some = w != vec4f(0.0);
  if (!any(some)) { return; }
  var before = vec4f(0.0);
  var mean = vec4f(0.0);
  if (!FIRST) {
    before = weight[o];
    mean = data[o];
  }
  let after = before + w;
  data[o] = select(mean, (mean * before + (*q).data) / after, some);
  weight[o] = after;
  let bits = select(vec4u(0u), vec4u(params.bit), some & positive);
  if (params.bit != 0u) {
    if (FIRST) { context[o] = bits; } else { context[o] |= bits; }
  }
  let divisor = select(vec4f(1.0), w, some);
  let root = (*q).rnoise / divisor;
  let noise = root * root;
  let weighs = some & are_finite(noise) & (noise > vec4f(0.0));
  let inverse = 1.0 / select(vec4f(1.0), noise, weighs);
  let counted = weighs & (inverse > vec4f(0.0));
  let other = (*q).poisson / divisor;
  let variance = other * other;
  let known = are_finite(variance);
  let noise_weight = select(vec4f(0.0), inverse, counted);
  let poisson = select(vec4f(0.0), variance * inverse * inverse, counted & known);
  if (FIRST) {
    rnoise_weight[o] = noise_weight;
    poisson_sum[o] = poisson;
  } else {
    rnoise_weight[o] += noise_weight;
    poisson_sum[o] += poisson;
  }
  let missing = counted & !known;
  if (any(missing)) { poisson_missing[o] += select(vec4f(0.0), inverse, missing); }
}
