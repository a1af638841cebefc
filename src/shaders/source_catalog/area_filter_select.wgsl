// Components with at least npixels pixels, counted by blocks of 1024 components.
struct Params { npixels: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> totals: array<u32>; // [0]: number of components
@group(0) @binding(2) var<storage, read> areas: array<u32>;
@group(0) @binding(3) var<storage, read_write> blocks: array<u32>;

var<workgroup> kept: atomic<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = group.y * groups.x + group.x;
  for (var k = 0u; k < 4u; k++) {
    let i = tile * 1024u + k * 256u + local;
    if (i < totals[0] && areas[i] >= params.npixels) {
      atomicAdd(&kept, 1u);
    }
  }
  workgroupBarrier();
  if (local == 0u && tile < arrayLength(&blocks)) {
    blocks[tile] = atomicLoad(&kept);
  }
}
