//!include drizzle/sums_data.wgsl
// As sink_data.wgsl, four neighbouring output pixels at a time; each `push` moves the earlier ones down.
override CONTEXT: bool = true; // there is a bit to set; compiled in, as software drivers pay for a branch that is not taken
struct Quad {
  weight: vec4f,
  data: vec4f,
  largest: vec4f,
}

fn push(q: ptr<function, Quad>, s: ptr<function, Sums>) {
  (*q).weight = vec4f((*q).weight.yzw, (*s).weight);
  (*q).data = vec4f((*q).data.yzw, (*s).data);
  (*q).largest = vec4f((*q).largest.yzw, (*s).largest);
}

fn put(o: u32, q: ptr<function, Quad>) {
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
  if (CONTEXT) {
    let bits = select(vec4u(0u), vec4u(params.bit), some & ((*q).largest > vec4f(0.0)));
    if (FIRST) { context[o] = bits; } else { context[o] |= bits; }
  }
}
