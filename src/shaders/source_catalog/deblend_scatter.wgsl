// The parts of deblended sources into the segmentation. Boxes may overlap; a pixel is of one source alone.
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
@group(0) @binding(1) var<storage, read> boxes: array<Box>;
@group(0) @binding(2) var<storage, read> packed: array<u32>; // parts 1.., 0 outside the source
@group(0) @binding(3) var<storage, read_write> segmentation: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let source = group.y * params.groups_x + group.x;
  if (source >= params.sources) { return; }
  let box = boxes[source];
  for (var p = thread; p < box.pixels; p += 64u) {
    let part = packed[box.start + p];
    if (part == 0u) { continue; }
    let i = (box.y + p / box.width) * params.nx + box.x + p % box.width;
    segmentation[i] = box.first_label + part - 1u;
  }
}
