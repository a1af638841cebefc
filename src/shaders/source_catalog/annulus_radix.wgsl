// Order statistics of an annulus's keys from its lists alone, whatever they are.
// Key of rank `rank` (from 0) among keys within [low, high], and whether the next rank has the same.
fn key_at_rank(thread: u32, bounds: Bounds, rank: u32) -> vec2u {
  var prefix = 0u;
  var left = rank;
  var same = 0u;
  for (var shift = 24i; shift >= 0; shift -= 8) {
    for (var b = thread; b < 256u; b += THREADS) { atomicStore(&histogram[b], 0u); }
    workgroupBarrier();
    for (var j = 0u; j < own_quads; j++) {
      let key = keys[own_quad(thread, j)];
      let inside = within(key, bounds);
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
  for (var j = 0u; j < own_quads; j++) {
    let key = keys[own_quad(thread, j)];
    let four = select(vec4u(NONE), key, (key > vec4u(after)) & (key <= vec4u(high)));
    let least = min(min(four.x, four.y), min(four.z, four.w));
    if (least != NONE) { atomicMin(&next_key, least); }
  }
  workgroupBarrier();
  if (thread == 0u) { bin_found.x = atomicLoad(&next_key); }
  return workgroupUniformLoad(&bin_found).x;
}
