// Every labelled pixel takes its component's number from its root (roots are not written here) and adds to its area.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> areas: array<atomic<u32>>; // zero at first
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
    if (i >= params.count) {
      continue;
    }
    var label = labels[i];
    if (label == NO_LABEL) {
      continue;
    }
    if (label < NUMBERED) {
      label = labels[label];
      labels[i] = label;
    }
    atomicAdd(&areas[label & ~NUMBERED], 1u);
  }
}
