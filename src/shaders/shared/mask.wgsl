// A mask of one bit a pixel: pixel i is bit (i & 31) of word i >> 5 of the binding `mask: array<u32>`.
fn isMasked(i: u32) -> bool {
  return ((mask[i >> 5u] >> (i & 31u)) & 1u) != 0u;
}
