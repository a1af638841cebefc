//!include source_catalog/label_words.wgsl
// Which pixels carry a label, one bit a pixel; those that do not become 0.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> labels: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> seeds: array<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = wordOf(group, groups, local);
  if (word * 32u >= params.count) {
    return;
  }
  var bits = 0u;
  for (var k = 0u; k < 8u; k++) {
    let first = word * 32u + k * 4u;
    if (first < params.count) {
      let four = labels[first / 4u];
      let labelled = (four != vec4u(NO_LABEL)) & (vec4u(first) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.count));
      bits |= dot(select(vec4u(), vec4u(1u, 2u, 4u, 8u), labelled), vec4u(1u)) << (k * 4u);
      labels[first / 4u] = select(vec4u(), four, labelled);
    }
  }
  seeds[word] = bits;
}
