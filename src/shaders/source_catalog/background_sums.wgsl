//!include source_catalog/background_boxes.wgsl
// Sums of d = pixel - centre and d^2 over a box's unmasked pixels within its bounds, by runs of CHUNK rows and by invocations.
@group(0) @binding(1) var<storage, read> data: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> bounds: array<vec4f>; // of each box: centre, lower, upper, -
@group(0) @binding(4) var<storage, read_write> sums: array<vec2f>; // (box * chunks + chunk) * 256 + invocation

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let run = runOf(group);
  let bound = bounds[group.y];
  var ones = vec4f();
  var squares = vec4f();
  for (var k = local; k < run.quads; k += 256u) {
    let four = fourOf(run, k);
    let value = data[four.quad];
    let d = select(vec4f(), value - bound.x, four.used & (value >= vec4f(bound.y)) & (value <= vec4f(bound.z)));
    ones += d;
    squares += d * d;
  }
  // no barrier: the host adds them in f64
  let sum = vec2f(dot(ones, vec4f(1.0)), dot(squares, vec4f(1.0)));
  sums[(group.y * params.chunks + params.chunk0 + group.x) * 256u + local] = sum;
}
