// Flags the pixels beyond the second threshold that have one beyond the first among the 3 x 3 pixels around, and counts them.
// Words as threshold.wgsl writes them: 16 rows of a column, first threshold in the low half, second in the high half; rows
// of words padded to whole quads.
struct Params {
  size: vec2u,
  counter: u32,
  flags: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> masks: array<u32>;
@group(0) @binding(2) var<storage, read_write> dq: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

const ROWS = 16u;

fn pitch() -> u32 { return (params.size.x + 3u) & ~3u; }

// First threshold of a column's rows, each row with the rows above and below.
fn grown(x: u32, strip: u32) -> u32 {
  let at = strip * pitch() + x;
  let rows = masks[at] & 0xffffu;
  var result = rows | (rows << 1u) | (rows >> 1u);
  if (strip > 0u) { result |= (masks[at - pitch()] >> 15u) & 1u; }
  if ((strip + 1u) * ROWS < params.size.y) { result |= (masks[at + pitch()] & 1u) << 15u; }
  return result;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = id.x;
  if (x >= params.size.x) { return; }
  var left = masks[id.y * pitch() + x] >> 16u;
  if (left == 0u) { return; }
  var near = grown(x, id.y);
  if (x > 0u) { near |= grown(x - 1u, id.y); }
  if (x + 1u < params.size.x) { near |= grown(x + 1u, id.y); }
  left &= near;
  atomicAdd(&counts[params.counter], countOneBits(left));
  while (left != 0u) {
    let r = firstTrailingBit(left);
    dq[(id.y * ROWS + r) * params.size.x + x] |= params.flags;
    left &= left - 1u;
  }
}
