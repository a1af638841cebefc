// Pixels of an image by sets: set s counts the runs [x0, x1] of runs[rows[set.rows + y]] up to runs[rows[set.rows + y + 1]].
// Pixels that are not good are NaN in `values`. A workgroup takes `params.height` rows of the set of its workgroup_id.y.
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
