//!include shared/nan.wgsl
//!include shared/order_key.wgsl
// The finite non-zero weights by their order keys: how many fall into each of 4096 bins of 2^shift keys from `first` on, and
// (SUMS) the sum of how far their keys lie above the bin's first, in 64 bits. Of every
// `every` rows of 1024 weights one is looked at. Weights outside the bins go to `outside`, in any
// order, as many as it has room for.
struct Params {
  count: u32,
  first: u32, // key, a multiple of 2^shift
  shift: u32, // at most 20
  span: u32,  // weights of a workgroup, a multiple of 4; times 2^shift below 2^32 where sums are wanted
  every: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> bins: array<atomic<u32>>; // counts, low and high words of the sums
@group(0) @binding(3) var<storage, read_write> outside: array<atomic<u32>>; // how many, then the values

override SUMS: bool = true;
const BINS = 4096u;
var<workgroup> counts: array<atomic<u32>, BINS>;
var<workgroup> sums: array<atomic<u32>, BINS>;

fn add(w: f32) {
  if (!is_finite(w) || w == 0.0) { return; }
  let key = order_key(w);
  let above = key - params.first;
  let bin = above >> params.shift;
  if (key >= params.first && bin < BINS) {
    atomicAdd(&counts[bin], 1u);
    if (SUMS) { atomicAdd(&sums[bin], above & ((1u << params.shift) - 1u)); }
  } else {
    let at = 1u + atomicAdd(&outside[0], 1u);
    if (at < arrayLength(&outside)) { atomicStore(&outside[at], bitcast<u32>(w)); }
  }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var b = lane; b < BINS; b += 256u) {
    atomicStore(&counts[b], 0u);
    if (SUMS) { atomicStore(&sums[b], 0u); }
  }
  workgroupBarrier();
  let start = group.x * params.span;
  let end = min(start + params.span, params.count);
  for (var i = start + 4u * lane; i < end; i += 1024u * params.every) {
    let w = weights[i >> 2u];
    add(w.x);
    if (i + 1u < end) { add(w.y); }
    if (i + 2u < end) { add(w.z); }
    if (i + 3u < end) { add(w.w); }
  }
  workgroupBarrier();
  for (var b = lane; b < BINS; b += 256u) {
    let n = atomicLoad(&counts[b]);
    if (n == 0u) { continue; }
    atomicAdd(&bins[b], n);
    if (SUMS) {
      let sum = atomicLoad(&sums[b]);
      let before = atomicAdd(&bins[BINS + b], sum);
      if (before + sum < before) { atomicAdd(&bins[2u * BINS + b], 1u); }
    }
  }
}
