// Pixels of an image by sets, a set in chunks of rows, a chunk a workgroup: row y of a chunk has the runs [x0, x1] of
// runs[rows[chunk.rows + y]] up to runs[rows[chunk.rows + y + 1]] (chunk.rows wraps below zero);
// pixels count that are finite and have no bad DQ bit. Planes are read by fours: pixel i is component i & 3 of element i >> 2.
struct Params {
  nx: u32,
  bad: u32, // DQ bits
}
// `lanes` of the 64 take a row, the others the rows after it; `width` of them have something to do.
struct Chunk {
  task: u32,
  rows: u32,
  first: u32, // row
  end: u32, // row
  lanes: u32,
  width: u32,
}
// One request for one set; meaning of the fields by kernel.
struct Task {
  at: u32, // first word in counts, or in the list
  lo: f32,
  hi: f32,
  centre: f32, // moments: the pivot; histogram: 1 / bin width
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
@group(0) @binding(5) var<storage, read> chunks: array<Chunk>;

// Of the four pixels v of element q, those that count and lie from run.x to run.y (pixel indices).
fn counts_in(run: vec2u, q: u32, v: vec4f, bad: u32) -> vec4<bool> {
  let i = vec4i(i32(4u * q)) + vec4i(0, 1, 2, 3); // signed, which is cheaper to compare in software
  let finite = (bitcast<vec4u>(v) & vec4u(0x7f800000u)) != vec4u(0x7f800000u);
  let good = (dq[q] & vec4u(bad)) == vec4u(0u);
  return finite & good & (i >= vec4i(i32(run.x))) & (i <= vec4i(i32(run.y)));
}
