// Every pixel's label becomes its component's least index; the pixels that carry their own index (roots) are counted by
// blocks of 1024 pixels.
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> labels: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read_write> blocks: array<u32>;
const NO_LABEL = 0xffffffffu;

var<workgroup> roots: atomic<u32>;

fn flatten(i: u32) {
  var at = atomicLoad(&labels[i]);
  if (at == NO_LABEL) {
    return;
  }
  if (at == i) {
    atomicAdd(&roots, 1u);
    return;
  }
  var up = atomicLoad(&labels[at]);
  while (up != at) {
    at = up;
    up = atomicLoad(&labels[at]);
  }
  atomicStore(&labels[i], at);
}

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
      flatten(i);
    }
  }
  workgroupBarrier();
  if (local == 0u && tile * 1024u < params.count) {
    blocks[tile] = atomicLoad(&roots);
  }
}
