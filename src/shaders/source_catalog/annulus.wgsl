//!include shared/nan.wgsl
//!include shared/sums.wgsl
// Sigma-clipped median of the pixels whose centres lie in an annulus; one workgroup a source. `offsets` lists the pixels that can
// lie in it whatever the sub-pixel position. Keys sort as the values do, and only counts of them decide, so no order matters: the keys
// between two of a sample are counted in bins once; a median is then sought among the few keys of its bin. Where the bins do not help
// (ties, a rank beyond them), by a radix search over all keys. Keys lie in fours: a load costs the same for one as for four.
struct Params {
  nx: u32,
  ny: u32,
  first: u32, // source of the first workgroup
  sources: u32,
  groups_x: u32,
  quads: u32, // offsets / 4
  zero: u32,
  inner: f32,
  outer: f32,
  sigma: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> centres: array<vec4f>;
@group(0) @binding(3) var<storage, read> offsets: array<vec4i>; // two each
@group(0) @binding(4) var<storage, read_write> keys: array<vec4u>; // `quads` a workgroup; a thread sees only its own
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const THREADS = 64u;
const NONE = 0xffffffffu;
const ROUNDS = 5u;
const STRIDE = 8u;
const BINS = 256u;
const SLOTS = 64u;
// ranks among a sample of 64, a sixth of which is no pixel of the annulus, between which the bins lie: medians stay within
const FIRST_SAMPLE = 8u;
const LAST_SAMPLE = 44u;
var<workgroup> histogram: array<atomic<u32>, 256>;
var<workgroup> parts: array<vec2f, 128>;
var<workgroup> found: atomic<u32>;
var<workgroup> next_key: atomic<u32>;
var<workgroup> bin_found: vec3u;
var<workgroup> few: array<u32, 64>; // a sample of keys, then those of one bin
var<workgroup> starts: array<u32, 257>; // rank of each bin's first key
var<workgroup> middle: array<u32, 2>; // keys of the ranks sought, NONE where not found
var<workgroup> counted: vec2u; // keys below and within the bounds
var<workgroup> sums_found: vec4f;
var<private> first_quad: u32; // of this workgroup's keys

fn key_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return bits ^ select(0x80000000u, 0xffffffffu, (bits >> 31u) == 1u);
}

fn value_of(key: u32) -> f32 {
  return bitcast<f32>(key ^ select(0xffffffffu, 0x80000000u, (key >> 31u) == 1u));
}

fn values_of(key: vec4u) -> vec4f {
  return bitcast<vec4f>(key ^ select(vec4u(0xffffffffu), vec4u(0x80000000u), (key >> vec4u(31u)) == vec4u(1u)));
}

fn make_key(centre: vec4f, offset: vec2i) -> u32 {
  let at = vec2i(centre.xy) + offset;
  if (any(at < vec2i(0)) || at.x >= i32(params.nx) || at.y >= i32(params.ny)) { return NONE; }
  let d = vec2f(offset) - centre.zw;
  let d2 = dot(d, d);
  if (d2 < params.inner * params.inner || d2 >= params.outer * params.outer) { return NONE; }
  let v = data[u32(at.y) * params.nx + u32(at.x)];
  if (!is_finite(v)) { return NONE; }
  return key_of(v);
}

fn make_keys(thread: u32, centre: vec4f) {
  for (var q = thread; q < params.quads; q += THREADS) {
    let a = offsets[2u * q];
    let b = offsets[2u * q + 1u];
    let made = vec4u(make_key(centre, a.xy), make_key(centre, a.zw), make_key(centre, b.xy), make_key(centre, b.zw));
    keys[first_quad + q] = made;
  }
}

// Which keys lie within [low, high], bounds below NONE.
fn within(key: vec4u, low: u32, high: u32) -> vec4<bool> {
  return (key >= vec4u(low)) & (key <= vec4u(high));
}

fn number(which: vec4<bool>) -> u32 {
  return dot(select(vec4u(0u), vec4u(1u), which), vec4u(1u));
}

// Key of rank `rank` (from 0) among keys within [low, high], and whether the next rank has the same.
fn key_at_rank(thread: u32, low: u32, high: u32, rank: u32) -> vec2u {
  var prefix = 0u;
  var left = rank;
  var same = 0u;
  for (var shift = 24i; shift >= 0; shift -= 8) {
    for (var b = thread; b < 256u; b += THREADS) { atomicStore(&histogram[b], 0u); }
    workgroupBarrier();
    for (var q = thread; q < params.quads; q += THREADS) {
      let key = keys[first_quad + q];
      let inside = within(key, low, high);
      for (var k = 0u; k < 4u; k++) {
        let above = select(key[k] >> u32(shift + 8), 0u, shift == 24);
        if (inside[k] && above == prefix) { atomicAdd(&histogram[(key[k] >> u32(shift)) & 255u], 1u); }
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

// Least key within (after, high].
fn key_after(thread: u32, after: u32, high: u32) -> u32 {
  if (thread == 0u) { atomicStore(&next_key, NONE); }
  workgroupBarrier();
  for (var q = thread; q < params.quads; q += THREADS) {
    let key = keys[first_quad + q];
    let four = select(vec4u(NONE), key, (key > vec4u(after)) & (key <= vec4u(high)));
    let least = min(min(four.x, four.y), min(four.z, four.w));
    if (least != NONE) { atomicMin(&next_key, least); }
  }
  workgroupBarrier();
  if (thread == 0u) { bin_found.x = atomicLoad(&next_key); }
  return workgroupUniformLoad(&bin_found).x;
}

// sum_add for four sums at a time.
struct Sums4 { sum: vec4f, rest: vec4f }

fn kept4(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) ^ vec4u(params.zero));
}

fn add4(sums: Sums4, x: vec4f) -> Sums4 {
  let total = kept4(sums.sum + x);
  let added = kept4(total - sums.sum);
  let rest = (sums.sum - kept4(total - added)) + (x - added);
  return Sums4(total, sums.rest + rest);
}

fn join4(sums: Sums4) -> vec2f {
  var all = vec2f(sums.sum.x, sums.rest.x);
  all = sum_join(all, vec2f(sums.sum.y, sums.rest.y), params.zero);
  all = sum_join(all, vec2f(sums.sum.z, sums.rest.z), params.zero);
  return sum_join(all, vec2f(sums.sum.w, sums.rest.w), params.zero);
}

// Keys below `low` and within [low, high] to `counted`; returns the sums of (v - about) and of its square over the latter; `about` is
// near the median, so that nothing cancels.
fn spread(thread: u32, low: u32, high: u32, about: f32) -> vec4f {
  var ones = Sums4(vec4f(), vec4f());
  var squares = Sums4(vec4f(), vec4f());
  var below = 0u;
  var count = 0u;
  for (var q = thread; q < params.quads; q += THREADS) {
    let key = keys[first_quad + q];
    let inside = within(key, low, high);
    below += number(key < vec4u(low));
    count += number(inside);
    let d = select(vec4f(), values_of(key) - about, inside);
    ones = add4(ones, d);
    squares = add4(squares, d * d);
  }
  var first = join4(ones);
  var second = join4(squares);
  parts[thread] = first;
  parts[THREADS + thread] = second;
  few[thread] = (below << 16u) | count; // a thread has fewer than 2^16
  workgroupBarrier();
  if (thread == 0u) {
    for (var t = 1u; t < THREADS; t++) {
      first = sum_join(first, parts[t], params.zero);
      second = sum_join(second, parts[THREADS + t], params.zero);
      below += few[t] >> 16u;
      count += few[t] & 0xffffu;
    }
    sums_found = vec4f(first, second);
    counted = vec2u(below, count);
  }
  return workgroupUniformLoad(&sums_found);
}

// Place of a slot's key among those of the first `count` slots, ties by slot.
fn place_of(slot: u32, count: u32) -> u32 {
  let own = few[slot];
  var place = 0u;
  for (var t = 0u; t < count; t++) { place += u32(few[t] < own || (few[t] == own && t < slot)); }
  return place;
}

struct Scale {
  low: u32, // keys
  high: u32,
  from_value: f32,
  per_value: f32, // bins
}

// For keys within the scale.
fn bins_of(scale: Scale, key: vec4u) -> vec4u {
  return min(vec4u((values_of(key) - scale.from_value) * scale.per_value), vec4u(BINS - 1u));
}

// Count the keys between two of a sample in bins; an empty scale where these are the same or lie beyond the keys.
fn make_bins(thread: u32) -> Scale {
  // a thread's own keys, spread over its list
  let own = (params.quads - min(thread, params.quads) + THREADS - 1u) / THREADS;
  for (var slot = thread; slot < SLOTS; slot += THREADS) {
    few[slot] = NONE;
    if (own > 0u) { few[slot] = keys[first_quad + thread + ((slot / THREADS) * own / (SLOTS / THREADS)) * THREADS][(slot / THREADS) & 3u]; }
  }
  if (thread == 0u) { atomicStore(&found, 0u); }
  for (var b = thread; b < BINS; b += THREADS) { atomicStore(&histogram[b], 0u); }
  workgroupBarrier();
  for (var slot = thread; slot < SLOTS; slot += THREADS) {
    let place = place_of(slot, SLOTS);
    if (place == FIRST_SAMPLE) { middle[0] = few[slot]; }
    if (place == LAST_SAMPLE) { middle[1] = few[slot]; }
  }
  let ends_found = workgroupUniformLoad(&middle);
  let ends = vec2u(ends_found[0], ends_found[1]);
  let width = value_of(ends.y) - value_of(ends.x);
  let scale = Scale(ends.x, ends.y, value_of(ends.x), f32(BINS) / width);
  if (ends.y == NONE || !(width > 0.0) || !is_finite(scale.per_value)) { return Scale(1u, 0u, select(scale.from_value, 0.0, ends.x == NONE), 0.0); }
  var below = 0u;
  for (var q = thread; q < params.quads; q += THREADS) {
    let key = keys[first_quad + q];
    let inside = within(key, scale.low, scale.high);
    let bins = bins_of(scale, key);
    below += number(key < vec4u(scale.low));
    for (var k = 0u; k < 4u; k++) {
      if (inside[k]) { atomicAdd(&histogram[bins[k]], 1u); }
    }
  }
  atomicAdd(&found, below);
  workgroupBarrier();
  if (thread == 0u) {
    var start = atomicLoad(&found);
    for (var b = 0u; b < BINS; b++) {
      starts[b] = start;
      start += atomicLoad(&histogram[b]);
    }
    starts[BINS] = start;
  }
  workgroupBarrier();
  return scale;
}

// Keys of ranks `rank` and, where it is in the same bin, `rank + 1` among all keys; NONE where the bins do not tell.
fn middle_keys(thread: u32, scale: Scale, rank: u32) -> vec2u {
  if (scale.low > scale.high) { return vec2u(NONE); }
  if (thread == 0u) {
    var b = 0u;
    var end = BINS;
    while (b + 1u < end) {
      let half = (b + end) / 2u;
      if (starts[half] <= rank) { b = half; } else { end = half; }
    }
    let inside = rank >= starts[b] && rank < starts[b + 1u];
    bin_found = vec3u(b, starts[b], select(NONE, starts[b + 1u] - starts[b], inside));
    middle[0] = NONE;
    middle[1] = NONE;
    atomicStore(&found, 0u);
  }
  let bin = workgroupUniformLoad(&bin_found);
  if (bin.z > SLOTS) { return vec2u(NONE); }
  for (var q = thread; q < params.quads; q += THREADS) {
    let key = keys[first_quad + q];
    let inside = within(key, scale.low, scale.high) & (bins_of(scale, key) == vec4u(bin.x));
    if (!any(inside)) { continue; }
    for (var k = 0u; k < 4u; k++) {
      if (inside[k]) { few[atomicAdd(&found, 1u)] = key[k]; }
    }
  }
  workgroupBarrier();
  for (var slot = thread; slot < bin.z; slot += THREADS) {
    let place = place_of(slot, bin.z);
    if (place == rank - bin.y) { middle[0] = few[slot]; }
    if (place == rank - bin.y + 1u) { middle[1] = few[slot]; }
  }
  let keys_found = workgroupUniformLoad(&middle);
  return vec2u(keys_found[0], keys_found[1]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let place = group.y * params.groups_x + group.x;
  let source = params.first + place;
  if (source >= params.sources) { return; }
  first_quad = place * params.quads;
  make_keys(thread, centres[source]);
  let scale = make_bins(thread);
  var low = 0u;
  var high = NONE - 1u;
  var count = 0u;
  var lower = 0u;
  var upper = 0u;
  var sums = vec4f(0.0);
  for (var round = 0u; round <= ROUNDS; round++) {
    let spread_now = spread(thread, low, high, scale.from_value);
    let left = workgroupUniformLoad(&counted);
    if (left.y == count) { break; } // nothing clipped: the last statistics hold
    count = left.y;
    sums = spread_now;
    if (count == 0u) { break; }
    let keys_found = middle_keys(thread, scale, left.x + (count - 1u) / 2u);
    lower = keys_found.x;
    upper = keys_found.y;
    if (lower == NONE) {
      let found_key = key_at_rank(thread, low, high, (count - 1u) / 2u);
      lower = found_key.x;
      upper = select(NONE, lower, found_key.y == 1u);
    }
    if ((count & 1u) == 1u) { upper = lower; }
    if (upper == NONE) { upper = key_after(thread, lower, high); }
    let median = 0.5 * (value_of(lower) + value_of(upper));
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
