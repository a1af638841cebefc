// ORs the DQ flags of the pixels that contribute.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4i>;
@group(0) @binding(2) var<storage, read> map: array<vec2i>;
@group(0) @binding(3) var<storage, read> input: array<vec2f>;
@group(0) @binding(4) var<storage, read> dq: array<u32>;
@group(0) @binding(5) var<storage, read_write> out_dq: array<u32>;

struct Sums {
  flags: u32,
}

fn counts(p: i32, q: i32) -> bool { return input[p].x != 0.0 && dq[q] != 0u; }

fn add(s: ptr<function, Sums>, p: i32, q: i32, share: f32) {
  (*s).flags |= dq[q];
}

fn put(o: u32, s: ptr<function, Sums>) {
  if ((*s).flags != 0u) { out_dq[o] |= (*s).flags; }
}
