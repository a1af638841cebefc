// The finite non-zero weights within six intervals as sums, and a list of those in none. Ends of intervals are not in them.
// Weights are read by fours, one four in `every`.
// Every workgroup writes, for the intervals in turn, the counts, the sums of d = w - centre, and the sums of d * d. They are f32
// sums of some hundred values a lane, then of 64 lanes in order: parts in 1e6 either way, which average out when the host
// adds them in f64.
// list[0] counts the weights in no interval; the first `room` of them follow, in no order.
struct Params {
  limits0: vec4f, // of two intervals each: from, to, from, to
  limits1: vec4f,
  limits2: vec4f,
  count: u32,
  every: u32,
  room: u32,
  first: u32, // words of `partials` before those of the first workgroup
  centre: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> list: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> partials: array<u32>;

const LANES = 64u;
const INTERVALS = 6u;
const WORDS = 18u;
const ONE = vec4u(1u);
const ZERO = vec4u(0u);
const FAR = 3.4028234663852886e38; // in no interval
var<workgroup> words: array<u32, 1152>; // WORDS of each lane

// Of one value each rather than of four: a software driver keeps them in registers.
struct Sums {
  n: u32,
  s1: f32,
  s2: f32,
}

fn within(w: vec4f, limits: vec2f) -> vec4<bool> {
  return (w > vec4f(limits.x)) & (w < vec4f(limits.y));
}

fn added(sums: Sums, d: vec4f, chosen: vec4<bool>) -> Sums {
  let one = select(ZERO, ONE, chosen);
  let x = select(vec4f(0.0), d, chosen);
  return Sums(
    sums.n + ((one.x + one.y) + (one.z + one.w)),
    sums.s1 + ((x.x + x.y) + (x.z + x.w)),
    sums.s2 + dot(x, x),
  );
}

fn append(w: vec4f, one: vec4u) {
  var next = atomicAdd(&list[0], one.x + one.y + one.z + one.w);
  for (var c = 0u; c < 4u; c++) {
    if (one[c] != 0u && next < params.room) { atomicStore(&list[1u + next], bitcast<u32>(w[c])); }
    next += one[c];
  }
}

fn store(lane: u32, k: u32, sums: Sums) {
  words[k * LANES + lane] = sums.n;
  words[(INTERVALS + k) * LANES + lane] = bitcast<u32>(sums.s1);
  words[(2u * INTERVALS + k) * LANES + lane] = bitcast<u32>(sums.s2);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var sums0 = Sums(); var sums1 = Sums(); var sums2 = Sums(); var sums3 = Sums();
  var sums4 = Sums(); var sums5 = Sums();
  let limits0 = params.limits0;
  let limits1 = params.limits1;
  let limits2 = params.limits2;
  let quads = (params.count + 3u) / 4u;
  for (var q = (group.x * LANES + lane) * params.every; q < quads; q += groups.x * LANES * params.every) {
    let found = weights[q];
    let magnitude = bitcast<vec4u>(found) & vec4u(0x7fffffffu);
    let i = vec4u(4u * q) + vec4u(0u, 1u, 2u, 3u);
    let counts = (i < vec4u(params.count)) & ((magnitude - ONE) < vec4u(0x7f7fffffu)); // 0 wraps
    let w = select(vec4f(FAR), found, counts);
    let d = w - params.centre;
    let in0 = within(w, limits0.xy); sums0 = added(sums0, d, in0);
    let in1 = within(w, limits0.zw); sums1 = added(sums1, d, in1);
    let in2 = within(w, limits1.xy); sums2 = added(sums2, d, in2);
    let in3 = within(w, limits1.zw); sums3 = added(sums3, d, in3);
    let in4 = within(w, limits2.xy); sums4 = added(sums4, d, in4);
    let in5 = within(w, limits2.zw); sums5 = added(sums5, d, in5);
    let summed = in0 | in1 | in2 | in3 | in4 | in5;
    let rest = counts & !summed;
    if (any(rest)) { append(w, select(ZERO, ONE, rest)); }
  }
  store(lane, 0u, sums0); store(lane, 1u, sums1); store(lane, 2u, sums2); store(lane, 3u, sums3);
  store(lane, 4u, sums4); store(lane, 5u, sums5);
  workgroupBarrier();
  if (lane >= WORDS) { return; }
  var n = 0u;
  var s = 0.0;
  for (var k = 0u; k < LANES; k++) {
    let word = words[lane * LANES + k];
    n += word;
    s += bitcast<f32>(word);
  }
  partials[params.first + group.x * WORDS + lane] = select(bitcast<u32>(s), n, lane < INTERVALS);
}
