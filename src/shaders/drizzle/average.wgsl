// The running weighted mean of drizzle's update_data, for the sums of one exposure.
fn average(o: u32, w: f32, d: f32) {
  let before = weight[o];
  let after = before + w;
  data[o] = (data[o] * before + d) / after;
  weight[o] = after;
}
