// Boxes of the background mesh, walked a row a workgroup: group.y is the row from y0 on, 1024 columns a workgroup.
struct Params { nx: u32, y0: u32, boxHeight: u32, boxWidth: u32, boxesX: u32, bins: u32, sub: u32, shift: u32 }
@group(0) @binding(0) var<uniform> params: Params;

// Box number within the batch of boxes that begins at row y0.
fn boxOf(x: u32, row: u32) -> u32 {
  return (row / params.boxHeight) * params.boxesX + x / params.boxWidth;
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
