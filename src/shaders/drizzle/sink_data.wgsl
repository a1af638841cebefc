//!include drizzle/sums_data.wgsl
// Into data, weight and context: the running weighted mean of drizzle's update_data.
fn put(o: u32, s: ptr<function, Sums>) {
  let w = (*s).weight;
  if (w == 0.0) { return; }
  let before = weight[o];
  let after = before + w;
  data[o] = (data[o] * before + (*s).data) / after;
  weight[o] = after;
  if (params.bit != 0u && (*s).largest > 0.0) { context[o] |= params.bit; }
}
