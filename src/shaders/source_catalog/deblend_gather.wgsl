// The detection image in each source's bounding box, as bits; NaN outside the source.
struct Params {
  nx: u32,
  sources: u32,
  groups_x: u32,
}
struct Box {
  label: u32,
  x: u32,
  y: u32,
  width: u32,
  pixels: u32,
  start: u32,
  first_label: u32,
  unused: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> detection: array<u32>; // bits of f32
@group(0) @binding(2) var<storage, read> segmentation: array<u32>;
@group(0) @binding(3) var<storage, read> boxes: array<Box>;
@group(0) @binding(4) var<storage, read_write> packed: array<u32>;
const NAN_BITS = 0x7fc00000u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let box = boxes[source];
  for (var p = thread; p < box.pixels; p += 64u) {
    let i = (box.y + p / box.width) * params.nx + box.x + p % box.width;
    packed[box.start + p] = select(NAN_BITS, detection[i], segmentation[i] == box.label);
  }
}
