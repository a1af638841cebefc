//!include source_catalog/background_boxes.wgsl
//!include shared/mask.wgsl
// Sums of d = pixel - centre and d^2 over a box's unmasked pixels within its bounds, by runs of CHUNK rows and by invocations.
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> bounds: array<vec4f>; // of each box: centre, lower, upper, -
@group(0) @binding(4) var<storage, read_write> sums: array<vec2f>; // (box * chunks + chunk) * 256 + invocation

fn rowSum(y: u32, from_x: u32, to_x: u32, local: u32, bound: vec4f) -> vec2f {
  var sum = vec2f();
  for (var x = from_x + local; x < to_x; x += 256u) {
    let i = y * params.nx + x;
    let value = data[i];
    if (!isMasked(i) && value >= bound.y && value <= bound.z) {
      let d = value - bound.x;
      sum += vec2f(d, d * d);
    }
  }
  return sum;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let run = runOf(group);
  var sum = vec2f();
  for (var row = run.first; row < run.end; row++) {
    sum += rowSum(params.y0 + row, run.from_x, run.to_x, local, bounds[group.y]);
  }
  sums[(group.y * params.chunks + params.chunk0 + group.x) * 256u + local] = sum; // no barrier: the host adds them in f64
}
