// Component numbers become labels, pixels of no component 0.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> areas: array<u32>; // label of each component
@group(0) @binding(2) var<storage, read_write> labels: array<u32>;
const NO_LABEL = 0xffffffffu;
const NUMBERED = 0x80000000u;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = group.y * groups.x + group.x;
  for (var k = 0u; k < 4u; k++) {
    let i = tile * 1024u + k * 256u + local;
    if (i < params.count) {
      let label = labels[i];
      var result = 0u;
      if (label != NO_LABEL) {
        result = areas[label & ~NUMBERED];
      }
      labels[i] = result;
    }
  }
}
