override FIRST: bool = false;   // nothing was added to the sums yet: zeros need not be read
override CONTEXT: bool = false; // there is a bit to set; compiled in, as software drivers pay for a branch that is not taken

// The running weighted mean of drizzle's update_data; `weight` is not 0.
fn put_signal(o: u32, w: f32, sum: f32, positive: bool) {
  var before = 0.0;
  var mean = 0.0;
  if (!FIRST) {
    before = weight[o];
    mean = data[o];
  }
  let after = before + w;
  data[o] = (mean * before + sum) / after;
  weight[o] = after;
  if (CONTEXT) {
    let bits = select(0u, params.bit, positive);
    if (FIRST) { context[o] = bits; } else { context[o] |= bits; }
  }
}
