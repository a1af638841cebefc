// Boxes of the background mesh: group.y is a box of the batch that begins at row y0 of the bound rows (modulo 2^32: it may lie
// before them), group.x a run of CHUNK of its rows, counted from chunk0.
// `sub` is a power of two.
struct Params {
  nx: u32, y0: u32, boxHeight: u32, boxWidth: u32, boxesX: u32, bins: u32, sub: u32, shift: u32,
  rows: u32,    // of the batch
  rowStep: u32, // rows taken: 1 for all
  chunk0: u32, chunks: u32, // first run, and runs of a box in all
}
@group(0) @binding(0) var<uniform> params: Params;
const CHUNK = 8u;

struct Run { from_x: u32, to_x: u32, first: u32, end: u32 }

// Columns and rows (of the batch) that a workgroup walks, ends past the last.
fn runOf(group: vec3u) -> Run {
  let boxRow = group.y / params.boxesX;
  let from_x = (group.y % params.boxesX) * params.boxWidth;
  let first = boxRow * params.boxHeight + (params.chunk0 + group.x) * CHUNK;
  let end = min(min(first + CHUNK, (boxRow + 1u) * params.boxHeight), params.rows);
  return Run(from_x, min(params.nx, from_x + params.boxWidth), first, end);
}

// Unsigned keys that compare as the numbers do.
fn orderedKey(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

// bin * sub + part of x in its box's window (lo, scale), as partOf in host/numerics/ranked_bins.
fn partOf(x: f32, window: vec2f) -> u32 {
  if (x < window.x) {
    return 0u;
  }
  let within = min((x - window.x) * window.y, f32((params.bins - 2u) * params.sub));
  return params.sub + u32(within);
}
