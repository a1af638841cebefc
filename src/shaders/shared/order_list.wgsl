// Of the values that count: how many there are, how many have an order key below `lo`, and a list of those keys from lo to hi.
// MODE 1: finite values where the guard is above 0; 2: |value - centre| of those; 3: finite values where the guard, a DQ word,
// has no DO_NOT_USE; 4: finite values other than 0. Values are read by fours, one four in `every`.
// list: the number of keys from lo to hi, of those below, of all (each added to), 0, then the first `room` keys, in no order.
struct Params {
  count: u32,
  every: u32,
  lo: u32,
  hi: u32,
  room: u32,
  centre: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<vec4f>;
@group(0) @binding(2) var<storage, read> guards: array<vec4u>; // bits of f32 but in mode 3
@group(0) @binding(3) var<storage, read_write> list: array<atomic<u32>>;

override MODE: u32 = 1u;
const HEAD = 4u;
const ONE = vec4u(1u);
const ZERO = vec4u(0u);
var<workgroup> below: atomic<u32>;
var<workgroup> all: atomic<u32>;

fn counts(q: u32, x: vec4f) -> vec4<bool> {
  let inside = vec4u(4u * q) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count);
  let ok = inside & ((bitcast<vec4u>(x) & vec4u(0x7f800000u)) != vec4u(0x7f800000u));
  if (MODE == 4u) { return ok & ((bitcast<vec4u>(x) & vec4u(0x7fffffffu)) != ZERO); }
  let guard = guards[q];
  if (MODE == 3u) { return ok & ((guard & ONE) == ZERO); }
  return ok & ((guard - ONE) < vec4u(0x7f800000u)); // bits of 0 wrap, those of NaN and of values below 0 are greater
}

// order_key.wgsl, of four
fn keys_of(x: vec4f) -> vec4u {
  let word = bitcast<vec4u>(x);
  return select(word | vec4u(0x80000000u), ~word, (word & vec4u(0x80000000u)) != ZERO);
}

fn append(keys: vec4u, one: vec4u) {
  var next = atomicAdd(&list[0], one.x + one.y + one.z + one.w);
  for (var c = 0u; c < 4u; c++) {
    if (one[c] != 0u && next < params.room) { atomicStore(&list[HEAD + next], keys[c]); }
    next += one[c];
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var n = ZERO;
  var n_below = ZERO;
  let quads = (params.count + 3u) / 4u;
  for (var q = (group.x * 64u + lane) * params.every; q < quads; q += groups.x * 64u * params.every) {
    let x = values[q];
    let ok = counts(q, x);
    var keys = keys_of(x);
    if (MODE == 2u) { keys = keys_of(abs(x - vec4f(params.centre))); }
    let less = keys < vec4u(params.lo);
    n += select(ZERO, ONE, ok);
    n_below += select(ZERO, ONE, ok & less);
    let listed = ok & !less & (keys <= vec4u(params.hi));
    if (any(listed)) { append(keys, select(ZERO, ONE, listed)); }
  }
  atomicAdd(&below, n_below.x + n_below.y + n_below.z + n_below.w);
  atomicAdd(&all, n.x + n.y + n.z + n.w);
  workgroupBarrier();
  if (lane == 0u) {
    atomicAdd(&list[1], atomicLoad(&below));
    atomicAdd(&list[2], atomicLoad(&all));
  }
}
