// counts_for of four pixels: quad i is pixels 4 i to 4 i + 3 of `mask: array<u32>` and of `segmentation: array<vec4u>`.
fn four_count_for(i: u32, label: u32) -> vec4<bool> {
  let owner = segmentation[i];
  let masked = vec4u(mask[i >> 3u] >> ((i & 7u) * 4u)) & vec4u(1u, 2u, 4u, 8u);
  return ((owner == vec4u()) | (owner == vec4u(label))) & (masked == vec4u());
}
