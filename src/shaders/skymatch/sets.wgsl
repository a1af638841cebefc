// Pixels of an image by sets: set s counts the runs [x0, x1] of runs[rows[set.rows + y]] up to runs[rows[set.rows + y + 1]];
// pixels count that are finite and have no bad DQ bit. Planes are read by fours: pixel i is component i & 3 of element i >> 2.
// A workgroup takes `params.height` rows of the set of its workgroup_id.y.
struct Params {
  nx: u32,
  ny: u32,
  height: u32,
  bad: u32, // DQ bits
}
// One request for one set; meaning of the fields by kernel.
struct Task {
  rows: u32,
  lo: f32,
  hi: f32,
  centre: f32, // moments: the pivot; histogram: 1 / bin width
  at: u32, // first word in counts, or in the list
  every: u32, // moments: take one row in so many, one quad in so many
  room: u32, // moments: words in the list
  bins: u32, // histogram: bins, 0: count bytes of keys
  shift: u32, // keys: of the byte
  prefix: u32, // keys: the bits above it
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> dq: array<vec4u>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
@group(0) @binding(4) var<storage, read> runs: array<vec2u>;
@group(0) @binding(5) var<storage, read> tasks: array<Task>;

// Of the four pixels v of element q, those that count and lie from run.x to run.y (pixel indices).
fn counts_in(run: vec2u, q: u32, v: vec4f) -> vec4<bool> {
  let i = vec4u(4u * q) + vec4u(0u, 1u, 2u, 3u);
  let finite = (bitcast<vec4u>(v) & vec4u(0x7f800000u)) != vec4u(0x7f800000u);
  let good = (dq[q] & vec4u(params.bad)) == vec4u(0u);
  return finite & good & (i >= vec4u(run.x)) & (i <= vec4u(run.y));
}
