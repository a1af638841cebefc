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

// Pixels that a workgroup walks, in the fours that the image is bound in, whatever column a row begins with: columns from_x to to_x of
// rows `first` (of the batch), first + rowStep, ...; ends past the last.
struct Run { from_x: u32, to_x: u32, first: u32, columns: u32, quads: u32 }

fn runOf(group: vec3u) -> Run {
  let boxRow = group.y / params.boxesX;
  let from_x = (group.y % params.boxesX) * params.boxWidth;
  let to_x = min(params.nx, from_x + params.boxWidth);
  let first = boxRow * params.boxHeight + (params.chunk0 + group.x) * CHUNK;
  let end = min(min(first + CHUNK, (boxRow + 1u) * params.boxHeight), params.rows);
  let rows = (max(end, first) - first + params.rowStep - 1u) / params.rowStep;
  let columns = (to_x - from_x + 6u) / 4u;
  return Run(from_x, to_x, first, columns, rows * columns);
}

struct Four {
  quad: u32, // its place in the image
  used: vec4<bool>, // in the box and not masked
}

fn fourOf(run: Run, k: u32) -> Four {
  let row = k / run.columns;
  let start = (params.y0 + run.first + row * params.rowStep) * params.nx + run.from_x;
  let quad = start / 4u + k - row * run.columns;
  let at = vec4u(4u * quad) + vec4u(0u, 1u, 2u, 3u); // those before the row wrap around
  let inside = at - vec4u(start) < vec4u(run.to_x - run.from_x);
  let masked = vec4u(mask[quad >> 3u] >> ((quad & 7u) * 4u)) & vec4u(1u, 2u, 4u, 8u);
  return Four(quad, inside & (masked == vec4u()));
}

// Unsigned keys that compare as the numbers do.
fn orderedKeys(x: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(x);
  return select(bits | vec4u(0x80000000u), ~bits, bits >= vec4u(0x80000000u));
}

// bin * sub + part of x in its box's window (lo, scale), as partOf in host/numerics/ranked_bins.
fn partsOf(x: vec4f, window: vec2f) -> vec4u {
  let within = min((x - window.x) * window.y, vec4f(f32((params.bins - 2u) * params.sub)));
  return select(params.sub + vec4u(within), vec4u(), x < vec4f(window.x));
}
