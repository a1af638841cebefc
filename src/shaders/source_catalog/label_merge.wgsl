//!include source_catalog/label_words.wgsl
// Union of 8-connected labelled pixels: every pixel's label leads, by steps to smaller indices, to the least index of its
// component. Which thread joins first does not matter: atomicMin keeps the least parent, and a displaced parent is joined in turn.
struct Params { nx: u32, ny: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read_write> labels: array<atomic<u32>>;

fn root(start: u32) -> u32 {
  var i = start;
  var up = atomicLoad(&labels[i]);
  while (up != i) {
    let next = atomicLoad(&labels[up]);
    if (next != up) {
      atomicMin(&labels[i], next); // halves the way for those who come later
    }
    i = up;
    up = next;
  }
  return i;
}

fn join(first: u32, second: u32) {
  var a = first;
  var b = second;
  loop {
    a = root(a);
    b = root(b);
    if (a == b) {
      return;
    }
    let high = max(a, b);
    let low = min(a, b);
    let old = atomicMin(&labels[high], low);
    if (old == high) {
      return;
    }
    a = old;
    b = low;
  }
}

fn labelled(x: i32, y: i32) -> bool {
  if (x < 0 || x >= i32(params.nx) || y < 0) {
    return false;
  }
  let i = u32(y) * params.nx + u32(x);
  return ((seeds[i >> 5u] >> (i & 31u)) & 1u) != 0u;
}

fn visit(i: u32) {
  let y = i32(i / params.nx);
  let x = i32(i % params.nx);
  if (labelled(x, y - 1)) { // it touches the other three
    join(i, i - params.nx);
    return;
  }
  if (labelled(x - 1, y)) { // it touches the upper left one
    join(i, i - 1u);
  } else if (labelled(x - 1, y - 1)) {
    join(i, i - params.nx - 1u);
  }
  if (labelled(x + 1, y - 1)) {
    join(i, i - params.nx + 1u);
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = wordOf(group, groups, local);
  if (word * 32u >= params.nx * params.ny) {
    return;
  }
  for (var bits = seeds[word]; bits != 0u; bits &= bits - 1u) {
    visit(word * 32u + firstTrailingBit(bits));
  }
}
