//!include shared/nan.wgsl
//!include shared/sums.wgsl
// Sigma-clipped median of the pixels whose centres lie in an annulus; one workgroup a source. `offsets` lists the pixels that can
// lie in it whatever the sub-pixel position. Medians by a radix search on sortable keys: counts only, so no order matters.
struct Params {
  nx: u32,
  ny: u32,
  sources: u32,
  groups_x: u32,
  offsets: u32,
  zero: u32,
  inner: f32,
  outer: f32,
  sigma: f32,
}
// whether the keys fit each thread's own memory; else they are made again in each pass
override CACHED: bool = true;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> centres: array<vec4f>;
@group(0) @binding(3) var<storage, read> offsets: array<vec2i>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const THREADS = 64u;
const NONE = 0xffffffffu;
const ROUNDS = 5u;
const STRIDE = 8u;
// each thread's keys: offsets thread, thread + 64, ... (a workgroup array of this size takes SwiftShader seconds to compile)
var<private> keys: array<u32, 64>;
var<workgroup> histogram: array<atomic<u32>, 256>;
var<workgroup> parts: array<vec2f, 128>;
var<workgroup> found: atomic<u32>;
var<workgroup> next_key: atomic<u32>;
var<workgroup> bin_found: vec3u;
var<workgroup> sums_found: vec4f;

fn key_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return bits ^ select(0x80000000u, 0xffffffffu, (bits >> 31u) == 1u);
}

fn value_of(key: u32) -> f32 {
  return bitcast<f32>(key ^ select(0xffffffffu, 0x80000000u, (key >> 31u) == 1u));
}

fn make_key(centre: vec4f, j: u32) -> u32 {
  let offset = offsets[j];
  let at = vec2i(centre.xy) + offset;
  if (any(at < vec2i(0)) || at.x >= i32(params.nx) || at.y >= i32(params.ny)) { return NONE; }
  let d = vec2f(offset) - centre.zw;
  let d2 = dot(d, d);
  if (d2 < params.inner * params.inner || d2 >= params.outer * params.outer) { return NONE; }
  let v = data[u32(at.y) * params.nx + u32(at.x)];
  if (!is_finite(v)) { return NONE; }
  return key_of(v);
}

fn read_key(centre: vec4f, j: u32) -> u32 {
  if (CACHED) { return keys[j / THREADS]; }
  return make_key(centre, j);
}

// Key of rank `rank` (from 0) among keys within [low, high], and whether the next rank has the same.
fn key_at_rank(thread: u32, centre: vec4f, low: u32, high: u32, rank: u32) -> vec2u {
  var prefix = 0u;
  var left = rank;
  var same = 0u;
  for (var shift = 24i; shift >= 0; shift -= 8) {
    for (var b = thread; b < 256u; b += THREADS) { atomicStore(&histogram[b], 0u); }
    workgroupBarrier();
    for (var j = thread; j < params.offsets; j += THREADS) {
      let key = read_key(centre, j);
      let above = select(key >> u32(shift + 8), 0u, shift == 24);
      if (key != NONE && key >= low && key <= high && above == prefix) {
        atomicAdd(&histogram[(key >> u32(shift)) & 255u], 1u);
      }
    }
    workgroupBarrier();
    if (thread == 0u) {
      var b = 0u;
      var below = 0u;
      var here = atomicLoad(&histogram[0]);
      while (b < 255u && below + here <= left) {
        below += here;
        b++;
        here = atomicLoad(&histogram[b]);
      }
      bin_found = vec3u(b, below, here);
    }
    let found_bin = workgroupUniformLoad(&bin_found);
    prefix = (prefix << 8u) | found_bin.x;
    left -= found_bin.y;
    same = u32(left + 1u < found_bin.z);
  }
  return vec2u(prefix, same);
}

// Number of keys within [low, high].
fn count_within(thread: u32, centre: vec4f, low: u32, high: u32) -> u32 {
  if (thread == 0u) { atomicStore(&found, 0u); }
  workgroupBarrier();
  var mine = 0u;
  for (var j = thread; j < params.offsets; j += THREADS) {
    let key = read_key(centre, j);
    if (key != NONE && key >= low && key <= high) { mine++; }
  }
  atomicAdd(&found, mine);
  workgroupBarrier();
  if (thread == 0u) { bin_found.x = atomicLoad(&found); }
  return workgroupUniformLoad(&bin_found).x;
}

// Least key within (after, high].
fn key_after(thread: u32, centre: vec4f, after: u32, high: u32) -> u32 {
  if (thread == 0u) { atomicStore(&next_key, NONE); }
  workgroupBarrier();
  for (var j = thread; j < params.offsets; j += THREADS) {
    let key = read_key(centre, j);
    if (key != NONE && key > after && key <= high) { atomicMin(&next_key, key); }
  }
  workgroupBarrier();
  if (thread == 0u) { bin_found.x = atomicLoad(&next_key); }
  return workgroupUniformLoad(&bin_found).x;
}

// Sums of (v - about) and of its square over keys within [low, high].
fn spread(thread: u32, centre: vec4f, low: u32, high: u32, about: f32) -> vec4f {
  var first = vec2f(0.0);
  var second = vec2f(0.0);
  for (var j = thread; j < params.offsets; j += THREADS) {
    let key = read_key(centre, j);
    if (key != NONE && key >= low && key <= high) {
      let d = value_of(key) - about;
      first = sum_add(first, d, params.zero);
      second = sum_add(second, d * d, params.zero);
    }
  }
  parts[thread] = first;
  parts[THREADS + thread] = second;
  workgroupBarrier();
  if (thread == 0u) {
    for (var t = 1u; t < THREADS; t++) {
      first = sum_join(first, parts[t], params.zero);
      second = sum_join(second, parts[THREADS + t], params.zero);
    }
    sums_found = vec4f(first, second);
  }
  return workgroupUniformLoad(&sums_found);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let centre = centres[source];
  if (CACHED) {
    for (var j = thread; j < params.offsets; j += THREADS) { keys[j / THREADS] = make_key(centre, j); }
  }
  workgroupBarrier();

  var low = 0u;
  var high = NONE - 1u;
  var count = 0u;
  var lower = 0u;
  var upper = 0u;
  var sums = vec4f(0.0);
  for (var round = 0u; round <= ROUNDS; round++) {
    let left = count_within(thread, centre, low, high);
    if (left == count) { break; } // nothing clipped: the last statistics hold
    count = left;
    if (count == 0u) { break; }
    let found_key = key_at_rank(thread, centre, low, high, (count - 1u) / 2u);
    lower = found_key.x;
    upper = lower;
    if ((count & 1u) == 0u && found_key.y == 0u) { upper = key_after(thread, centre, lower, high); }
    let median = 0.5 * (value_of(lower) + value_of(upper));
    sums = spread(thread, centre, low, high, value_of(lower));
    let mean = sums.x / f32(count);
    let width = params.sigma * sqrt(max(sums.z / f32(count) - mean * mean, 0.0));
    low = max(low, key_of(median - width));
    high = min(high, key_of(median + width));
  }
  if (thread == 0u) {
    let base = source * STRIDE;
    out[base] = bitcast<f32>(count);
    out[base + 1u] = value_of(lower);
    out[base + 2u] = value_of(upper);
    out[base + 3u] = sums.x;
    out[base + 4u] = sums.y;
    out[base + 5u] = sums.z;
    out[base + 6u] = sums.w;
    out[base + 7u] = 0.0;
  }
}
