//!include shared/nan.wgsl
//!include outlier_detection/middle.wgsl
// The finite non-zero weights by their order keys: how many fall into each of 4096 bins of 2^shift keys from `first` on, and
// (SUMS) the sum of how far their keys lie above the bin's first, in 64 bits. Of every `every` rows of 1024 weights one is
// looked at. Weights outside the bins, and those in marked bins, go to `list`, in any order, as many as it has room for.
//
// Weights in the two ranges of keys of the core, all positive, are in no bin; of each range every workgroup writes the count, the
// sum in units of the lowest exponent's last place, less `origin`, in two parts (the second times 2^16), and the f32 sum of squares
// about `centre`.
struct Params {
  core: vec4u, // the left range's keys from x to before y, the right one's from z to before w
  count: u32,
  first: u32,  // key, a multiple of 2^shift
  shift: u32,  // at most 20
  span: u32,   // weights of a workgroup, a multiple of 4, at most 2^15; times 2^shift below 2^32 where sums are wanted
  every: u32,
  slot: u32,   // of the first workgroup in `partials`
  exponent: u32,
  origin: u32,
  centre: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> marks: array<u32>; // a bit a bin
@group(0) @binding(3) var<storage, read_write> bins: array<atomic<u32>>; // counts, low and high words of the sums
@group(0) @binding(4) var<storage, read_write> list: array<atomic<u32>>; // how many, then the values
@group(0) @binding(5) var<storage, read_write> partials: array<vec4u>; // two a workgroup

override SUMS: bool = true;
const BINS = 4096u;
const LANES = 256u;
var<workgroup> counts: array<atomic<u32>, BINS>;
var<workgroup> sums: array<atomic<u32>, BINS>;

fn add(w: f32, key: u32) {
  let above = key - params.first;
  let bin = above >> params.shift;
  let inside = key >= params.first && bin < BINS;
  if (inside && ((marks[bin >> 5u] >> (bin & 31u)) & 1u) == 0u) {
    atomicAdd(&counts[bin], 1u);
    if (SUMS) { atomicAdd(&sums[bin], above & ((1u << params.shift) - 1u)); }
  } else {
    let at = 1u + atomicAdd(&list[0], 1u);
    if (at < arrayLength(&list)) { atomicStore(&list[at], bitcast<u32>(w)); }
  }
}

// What a thread knows of one range of the core.
struct Range {
  count: vec4u,
  low: vec4u,
  high: vec4u,
  squares: vec4f,
}

fn take(range: ptr<function, Range>, which: vec4<bool>, units: vec4u, squares: vec4f) {
  let x = select(vec4u(0u), units, which);
  (*range).count += select(vec4u(0u), vec4u(1u), which);
  (*range).low += x & vec4u(0xffffu);
  (*range).high += x >> vec4u(16u);
  (*range).squares += select(vec4f(0.0), squares, which);
}

fn total(v: vec4u) -> u32 { return v.x + v.y + v.z + v.w; }

// Through the memory of the bins, which are done with; the f32 sums in a fixed order.
fn write_range(slot: u32, lane: u32, range: Range) {
  workgroupBarrier();
  atomicStore(&counts[lane], bitcast<u32>((range.squares.x + range.squares.y) + (range.squares.z + range.squares.w)));
  if (lane < 3u) { atomicStore(&sums[lane], 0u); }
  workgroupBarrier();
  atomicAdd(&sums[0], total(range.count));
  atomicAdd(&sums[1], total(range.low));
  atomicAdd(&sums[2], total(range.high));
  workgroupBarrier();
  if (lane == 0u) {
    var squares = 0.0;
    for (var k = 0u; k < LANES; k++) { squares += bitcast<f32>(atomicLoad(&counts[k])); }
    partials[slot] = vec4u(atomicLoad(&sums[0]), atomicLoad(&sums[1]), atomicLoad(&sums[2]), bitcast<u32>(squares));
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var b = lane; b < BINS; b += LANES) {
    atomicStore(&counts[b], 0u);
    if (SUMS) { atomicStore(&sums[b], 0u); }
  }
  workgroupBarrier();
  let start = group.x * params.span;
  let end = min(start + params.span, params.count);
  let core = params.core;
  var left = Range();
  var right = Range();
  for (var i = start + 4u * lane; i < end; i += 1024u * params.every) {
    let w = weights[i >> 2u];
    let counted = are_finite(w) & (w != vec4f(0.0)) & (vec4u(i) + vec4u(0u, 1u, 2u, 3u) < vec4u(end));
    let keys = order_keys(w);
    let on_left = counted & (keys >= vec4u(core.x)) & (keys < vec4u(core.y));
    let on_right = counted & (keys >= vec4u(core.z)) & (keys < vec4u(core.w));
    let word = bitcast<vec4u>(w);
    let place = ((word >> vec4u(23u)) - params.exponent) & vec4u(31u);
    let units = (((word & vec4u(0x7fffffu)) | vec4u(0x800000u)) << place) - params.origin;
    let d = w - params.centre;
    take(&left, on_left, units, d * d);
    take(&right, on_right, units, d * d);
    let rest = counted & !(on_left | on_right);
    if (any(rest)) {
      if (rest.x) { add(w.x, keys.x); }
      if (rest.y) { add(w.y, keys.y); }
      if (rest.z) { add(w.z, keys.z); }
      if (rest.w) { add(w.w, keys.w); }
    }
  }
  workgroupBarrier();
  for (var b = lane; b < BINS; b += LANES) {
    let n = atomicLoad(&counts[b]);
    if (n == 0u) { continue; }
    atomicAdd(&bins[b], n);
    if (SUMS) {
      let sum = atomicLoad(&sums[b]);
      let before = atomicAdd(&bins[BINS + b], sum);
      if (before + sum < before) { atomicAdd(&bins[2u * BINS + b], 1u); }
    }
  }
  if (core.x < core.w) {
    write_range(2u * (params.slot + group.x), lane, left);
    write_range(2u * (params.slot + group.x) + 1u, lane, right);
  }
}
