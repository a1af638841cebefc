// Pixels of an image by sets: set s counts the runs [x0, x1] of runs[rows[set.rows + y]] up to runs[rows[set.rows + y + 1]].
// Pixels that are not good are NaN in `values`, which is read by fours: pixel i is component i & 3 of element i >> 2. A workgroup takes `params.height` rows of the set of its workgroup_id.y.
struct Params {
  nx: u32,
  ny: u32,
  height: u32,
}
// One request for one set; meaning of the fields by kernel.
struct Task {
  rows: u32,
  lo: f32,
  hi: f32,
  centre: f32, // moments: the pivot; histogram: 1 / bin width
  bins: u32, // histogram: bins, 0: count bytes of keys
  at: u32, // histogram: its first word in counts
  shift: u32, // keys: of the byte
  prefix: u32, // keys: the bits above it
}

// Of the four pixels of element q, those from run.x to run.y (pixel indices).
fn within_run(q: u32, run: vec2u) -> vec4<bool> {
  let i = vec4u(4u * q) + vec4u(0u, 1u, 2u, 3u);
  return (i >= vec4u(run.x)) & (i <= vec4u(run.y));
}

fn not_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) <= vec4u(0x7f800000u);
}
